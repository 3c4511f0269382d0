import type { Target } from '../../model/target.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'

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

/** By the API description (August 2026). */
const MOST_TEMPERATURE = 2

/** Endpoints whose answers can follow a schema, by `response_format` or `text.format`. */
const WITH_SCHEMAS: readonly string[] = ['/v1/responses', '/v1/chat/completions']
const EMBEDDINGS = '/v1/embeddings'

/** By OpenAI's guide on embeddings (2026-11-22). */
const VECTOR_LENGTHS: Readonly<Record<string, number>> = {
  'text-embedding-3-large': 3_072,
  'text-embedding-3-small': 1_536,
  'text-embedding-ada-002': 1_536,
}

/** The longest of these, for models that are not known. */
const LONGEST_VECTOR = 3_072

/**
 * OpenAI's limits. Requests, bytes and the window are from the API description (August 2026), the retention from the
 * batch guide, size and number of images from a copy of the guide on images (2026). How many tokens may wait depends on
 * model and tier and is not known here. For embeddings, 50,000 counts the inputs of all lines together, 2,048 those of
 * one line (API description); a million requests may wait (help centre).
 */
export function openAILimits(target: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  const isEmbedding = target.endpoint === EMBEDDINGS
  return {
    maxRequests: 50_000,
    minRequests: 1,
    maxBytes: 200_000_000,
    maxLineBytes,
    maxImageBytes: 20_000_000,
    maxImages: 500,
    queueTokens: null,
    queueRequests: isEmbedding ? 1_000_000 : null,
    maxInputs: isEmbedding ? 50_000 : null,
    maxInputsPerRequest: isEmbedding ? 2_048 : null,
    maxOutputBytes: null,
    vectorLength: isEmbedding ? (VECTOR_LENGTHS[target.model] ?? LONGEST_VECTOR) : null,
    queueRequestsPer: 'model',
    absentRowIsUnbilled: [],
    retentionDays: 30,
    modelOn: 'line',
    isEndpointKnown: ENDPOINTS.includes(target.endpoint),
    endpoints: ENDPOINTS,
    canCallDirectly: !NOT_JSON.includes(target.endpoint),
    schemaDialect: WITH_SCHEMAS.includes(target.endpoint) ? 'subset' : null,
    maxTokensField: MAX_TOKENS_FIELDS[target.endpoint] ?? null,
    mostTemperature: MOST_TEMPERATURE,
    windowHours: { default: 24, most: 24, canChoose: false },
  }
}
