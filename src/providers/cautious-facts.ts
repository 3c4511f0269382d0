import type { ProviderFacts } from './facts.ts'
import { CONTENT_FIELDS } from './openai-shape/content-fields.ts'
import { answerFields } from './openai-shape/forms/answer-fields.ts'
import { LIMIT_FIELDS } from './openai-shape/forms/limit-fields.ts'
import { messageParts } from './openai-shape/forms/message-parts.ts'
import { responseMembers } from './openai-shape/forms/response-input.ts'
import { hasMedia, requestParts } from './openai-shape/request-parts.ts'
import { shownRequest } from './openai-shape/shown-request.ts'
import { vectorsAsked } from './openai-shape/vectors-asked.ts'

/** Tokens of an image at a provider whose rule is not known: more than most models make of the largest picture. */
const IMAGE_TOKENS = 4_096

/**
 * What is assumed of a provider of which nothing is known: no price, no window, nothing cached. Bodies are read in the shape
 * in which requests are frozen, which is that of OpenAI's API.
 */
export const CAUTIOUS_FACTS: ProviderFacts = {
  prices: [],
  isFree: false,
  batchFactor: 0.5,
  contextWindows: {},
  furtherModels: [],
  unbatchedModels: [],
  queueTiers: {},
  leastCachedTokens: null,
  promptCache: null,
  withoutPromptCache: 'its documents do not say that batches are served from a cache, and for what price',
  limitFields: LIMIT_FIELDS,
  contentFields: CONTENT_FIELDS,
  responseFormatField: 'response_format',
  isReasoningModel: () => false,
  refusedFields: () => [],
  defaultMaxTokens: () => null,
  vocabulary: () => null,
  imageTokens: () => IMAGE_TOKENS,
  requestParts,
  hasMedia,
  shownRequest,
  messageParts,
  responseMembers,
  answerFields,
  unsupported: () => null,
  vectorsAsked,
}
