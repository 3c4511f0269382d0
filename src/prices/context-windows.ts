import type { Target } from '../model/target.ts'
import { nameWithoutDate } from './snapshot.ts'

/** How many tokens a model can take, its answer included. */
export interface ContextWindow {
  readonly provider: string
  readonly model: string
  readonly tokens: number
}

/** Tokens, and the models that have so many, as @pydantic/genai-prices 0.1.8 has them (2026-09-23). */
const OPENAI: readonly (readonly [tokens: number, ...models: readonly string[]])[] = [
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

const MISTRAL: typeof OPENAI = [
  [8_192, 'mistral-embed'],
  [131_072, 'ministral-3b-2512'],
  [256_000, 'codestral-2508'],
  [262_144, 'devstral-2512', 'ministral-14b-2512', 'ministral-8b-2512'],
  [262_144, 'mistral-large-2512', 'mistral-medium-3-5', 'mistral-small-2603'],
]

/** The windows that are known; a model that is not in the list has one all the same. */
export const MODELS_WITH_WINDOW: readonly ContextWindow[] = [...rows('openai', OPENAI), ...rows('mistral', MISTRAL)]

function rows(provider: string, windows: typeof OPENAI): readonly ContextWindow[] {
  return windows.flatMap(([tokens, ...models]) => models.map((model) => ({ provider, model, tokens })))
}

/** The window of a model in tokens, a dated snapshot's by the name without its date; null where it is not known. */
export function contextWindowOf({ model, provider }: Pick<Target, 'model' | 'provider'>): number | null {
  for (const name of [model, nameWithoutDate(model)]) {
    const found = MODELS_WITH_WINDOW.find((one) => one.provider === provider && one.model === name)
    if (found) return found.tokens
  }
  return null
}
