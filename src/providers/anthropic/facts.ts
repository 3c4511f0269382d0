import type { PromptCache, ProviderFacts } from '../facts.ts'
import { type ModelsWithWindow, windowsByModel } from '../window-list.ts'
import { defaultMaxTokens, modelTraits } from './models.ts'
import { PRICES } from './prices.ts'
import { unsupported } from './request.ts'

/** Tokens, and the models that have so many, by @pydantic/genai-prices 0.1.8 and the models' own pages (2026-11-28). */
const WINDOWS: readonly ModelsWithWindow[] = [
  [200_000, 'claude-haiku-4-5', 'claude-sonnet-4-5', 'claude-opus-4-5', 'claude-opus-4-1'],
  [1_000_000, 'claude-fable-5', 'claude-fable-5-1', 'claude-opus-5-5', 'claude-opus-5', 'claude-opus-4-8'],
  [1_000_000, 'claude-opus-4-7', 'claude-opus-4-6', 'claude-sonnet-5-5', 'claude-sonnet-5', 'claude-sonnet-4-6'],
  [1_000_000, 'claude-haiku-5-5'],
]

/**
 * Writing costs a quarter more than other input, or twice as much for an hour; batches halve that like every price (guides on
 * prompt caching and on batches, 2026-11-22).
 */
const PROMPT_CACHE: PromptCache = {
  leastTokens: (model) => modelTraits(model).leastCachedTokens,
  writeFactor: 1.25,
  hourWriteFactor: 2,
}

/** What is known of Anthropic's models. */
export const ANTHROPIC_FACTS: Partial<ProviderFacts> = {
  prices: PRICES,
  contextWindows: windowsByModel(WINDOWS),
  furtherModels: ['claude-fable-5-2', 'claude-mythos-5-2'],
  isReasoningModel: (model) => modelTraits(model).thinks,
  defaultMaxTokens,
  promptCache: PROMPT_CACHE,
  unsupported,
}
