import type { Target } from '../../model/target.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'

/** Endpoints that jobs can be made for: the enumeration in Mistral's API description of August 2026. */
const ENDPOINTS: readonly string[] = [
  '/v1/chat/completions',
  '/v1/embeddings',
  '/v1/fim/completions',
  '/v1/moderations',
  '/v1/chat/moderations',
  '/v1/ocr',
  '/v1/classifications',
  '/v1/chat/classifications',
  '/v1/conversations',
  '/v1/audio/transcriptions',
]

/** One takes a multipart form in synchronous calls, the other starts something that is kept. */
const NOT_DIRECT: readonly string[] = ['/v1/audio/transcriptions', '/v1/conversations']

const WITH_MAX_TOKENS: readonly string[] = ['/v1/chat/completions', '/v1/fim/completions']

/** By the API description (August 2026). */
const MOST_TEMPERATURE = 1.5

/** By Mistral's guides on embeddings (2026-11-22). */
const VECTOR_LENGTHS: Readonly<Record<string, number>> = { 'mistral-embed': 1_024, 'codestral-embed': 1_536 }

/** The longest that any of its models can be asked for. */
const LONGEST_VECTOR = 3_072

/**
 * Mistral's limits. Where its pages disagree, the stricter one counts: 100,000 requests and results kept for one day
 * (known-limitations page) against a million and "do not expire" (batch guide). 512 MB and the window, below seven days,
 * are from the guide, size and number of images from the guide on vision; a million requests may wait in a workspace.
 */
export function mistralLimits(target: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  return {
    maxRequests: 100_000,
    minRequests: 1,
    maxBytes: 512_000_000,
    maxLineBytes,
    maxImageBytes: 10_000_000,
    maxImages: 8,
    queueTokens: null,
    queueRequests: 1_000_000,
    maxInputs: null,
    maxInputsPerRequest: null,
    maxOutputBytes: null,
    vectorLength: target.endpoint === '/v1/embeddings' ? (VECTOR_LENGTHS[target.model] ?? LONGEST_VECTOR) : null,
    queueRequestsPer: 'account',
    // Whether a job that timed out or was cancelled bills what it does not return is not documented.
    absentRowIsUnbilled: [],
    retentionDays: 1,
    modelOn: 'job',
    isEndpointKnown: ENDPOINTS.includes(target.endpoint),
    endpoints: ENDPOINTS,
    canCallDirectly: !NOT_DIRECT.includes(target.endpoint),
    schemaDialect: target.endpoint === '/v1/chat/completions' ? 'closed' : null,
    maxTokensField: WITH_MAX_TOKENS.includes(target.endpoint) ? 'max_tokens' : null,
    mostTemperature: MOST_TEMPERATURE,
    windowHours: { default: 24, most: 7 * 24 - 1, canChoose: true },
  }
}
