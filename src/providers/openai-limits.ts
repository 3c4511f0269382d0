import type { Target } from '../model/target.ts'
import { DEFAULT_MAX_LINE_BYTES } from './line-limit.ts'
import type { Limits } from './provider.ts'

/** Endpoints that batches can be sent to: the enumeration in OpenAI's API description of August 2026. */
const ENDPOINTS: readonly string[] = [
  '/v1/responses',
  '/v1/chat/completions',
  '/v1/embeddings',
  '/v1/completions',
  '/v1/moderations',
  '/v1/images/generations',
  '/v1/images/edits',
  '/v1/videos',
]

/** These take multipart forms in synchronous calls. */
const NOT_JSON: readonly string[] = ['/v1/images/edits', '/v1/videos']

const MAX_TOKENS_FIELDS: Readonly<Record<string, string>> = {
  // `max_tokens` is deprecated for chat and refused by reasoning models.
  '/v1/chat/completions': 'max_completion_tokens',
  '/v1/responses': 'max_output_tokens',
  '/v1/completions': 'max_tokens',
}

/**
 * OpenAI's limits. Requests, bytes and the window are from the API description (August 2026), the retention from the
 * batch guide, size and number of images from a copy of the guide on images (2026). How many tokens may wait depends on model and tier and is not known here. For embeddings, 50,000 counts
 * the inputs of all lines together, which only rows with several inputs notice; a million may wait (help centre).
 */
export function openAILimits(target: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  return {
    inputForm: 'file',
    maxRequests: 50_000,
    minRequests: 1,
    maxBytes: 200_000_000,
    maxLineBytes,
    maxImageBytes: 20_000_000,
    maxImages: 500,
    queueTokens: null,
    queueRequests: target.endpoint === '/v1/embeddings' ? 1_000_000 : null,
    queueRequestsPer: 'model',
    recovery: 'marked',
    absentRowIsUnbilled: [],
    retentionDays: 30,
    modelOn: 'line',
    isEndpointKnown: ENDPOINTS.includes(target.endpoint),
    canCallDirectly: !NOT_JSON.includes(target.endpoint),
    maxTokensField: MAX_TOKENS_FIELDS[target.endpoint] ?? null,
    windowHours: { default: 24, most: 24, canChoose: false },
  }
}
