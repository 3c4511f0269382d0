import type { ProviderFacts } from '../facts.ts'
import { CONTEXT_WINDOWS } from './context-windows.ts'
import { imageTokens } from './image-tokens.ts'
import { PRICES } from './prices.ts'
import { QUEUE_TIERS } from './queue-tiers.ts'
import { isReasoningModel, refusedFields } from './reasoning.ts'
import { vocabulary } from './vocabulary.ts'

/** Shorter beginnings are not cached (guide on prompt caching, 2026-10-04). */
const LEAST_CACHED_TOKENS = 1_024

/** What is known of OpenAI's models. */
export const OPENAI_FACTS: Partial<ProviderFacts> = {
  prices: PRICES,
  contextWindows: CONTEXT_WINDOWS,
  queueTiers: QUEUE_TIERS,
  leastCachedTokens: LEAST_CACHED_TOKENS,
  withoutPromptCache: 'it caches by itself, and does not say how often requests of a batch are served from that',
  isReasoningModel,
  refusedFields,
  vocabulary,
  imageTokens,
}
