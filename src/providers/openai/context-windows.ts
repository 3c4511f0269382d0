import { type ModelsWithWindow, windowsByModel } from '../window-list.ts'

/** Tokens, and the models that have so many, as @pydantic/genai-prices 0.1.8 has them (2026-09-23). */
const WINDOWS: readonly ModelsWithWindow[] = [
  [8_192, 'gpt-4', 'text-embedding-3-large', 'text-embedding-3-small', 'text-embedding-ada-002'],
  [16_385, 'gpt-3.5-turbo', 'gpt-3.5-turbo-16k'],
  [128_000, 'gpt-4-turbo', 'gpt-4o', 'gpt-4o-2024-05-13', 'gpt-4o-mini', 'chatgpt-4o-latest'],
  [200_000, 'o1', 'o1-pro', 'o3', 'o3-mini', 'o3-pro', 'o4-mini'],
  [400_000, 'gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'gpt-5-pro', 'gpt-5.1', 'gpt-5.2', 'gpt-5.2-pro'],
  [400_000, 'gpt-5.4-mini', 'gpt-5.4-nano'],
  // The source has a rounded 1,000,000 for these; too large a window refuses nothing that would have been answered.
  [1_050_000, 'gpt-4.1', 'gpt-4.1-mini', 'gpt-4.1-nano', 'gpt-5.5', 'gpt-5.5-pro'],
  [1_050_000, 'gpt-5.4', 'gpt-5.4-pro', 'gpt-5.6-luna', 'gpt-5.6-sol', 'gpt-5.6-terra'],
  [1_050_000, 'gpt-6-astra', 'gpt-6-luna', 'gpt-6-sol'],
]

export const CONTEXT_WINDOWS = windowsByModel(WINDOWS)
