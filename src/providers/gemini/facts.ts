import type { ProviderFacts } from '../facts.ts'
import { windowsByModel } from '../window-list.ts'
import { imageTokens } from './image-tokens.ts'
import { PRICES } from './prices.ts'
import { QUEUE_TIERS } from './queue-tiers.ts'
import { unsupported } from './request/request.ts'
import { isThinkingModel } from './request/thinking.ts'

/** As @pydantic/genai-prices 0.1.8 has it (2026-09-23); where it has a rounded million, nothing is refused too early. */
const CONTEXT_WINDOWS = windowsByModel([[1_048_576, 'gemini-2.5-flash']])

/** What is known of Gemini's models. */
export const GEMINI_FACTS: Partial<ProviderFacts> = {
  prices: PRICES,
  contextWindows: CONTEXT_WINDOWS,
  furtherModels: ['gemini-flash-latest', 'gemini-pro-latest', 'gemini-embedding-2'],
  queueTiers: QUEUE_TIERS,
  imageTokens,
  withoutPromptCache: 'whether the prices of its cache and of its batches combine is not documented',
  isReasoningModel: isThinkingModel,
  unsupported,
}
