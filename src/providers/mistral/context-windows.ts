import { type ModelsWithWindow, windowsByModel } from '../window-list.ts'

/** Tokens, and the models that have so many, as @pydantic/genai-prices 0.1.8 has them (2026-09-23). */
const WINDOWS: readonly ModelsWithWindow[] = [
  [8_192, 'mistral-embed'],
  [131_072, 'ministral-3b-2512'],
  [256_000, 'codestral-2508'],
  [262_144, 'devstral-2512', 'ministral-14b-2512', 'ministral-8b-2512'],
  [262_144, 'mistral-large-2512', 'mistral-medium-3-5', 'mistral-small-2603'],
]

export const CONTEXT_WINDOWS = windowsByModel(WINDOWS)
