import { CHAT_ENDPOINT, type Target } from '../../model/target.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'
import { EMBEDDINGS, ENDPOINTS } from './endpoints.ts'

/**
 * Requests of a batch. The API has no limit of its own; a batch that expires leaves nothing behind, so a batch of medium
 * size loses less and is done sooner. Can be configured.
 */
const MEDIUM_REQUESTS = 10_000

/**
 * Bytes of an input file are limited to 2 GB (pages on files and on limits, 2026-11-22). Contents are longer than the
 * messages they are made from where many texts are short, so half as many bytes of frozen lines are taken.
 */
const MOST_BYTES = 1_000_000_000

/** The longest vector of the models for embeddings (page on embeddings, 2026). */
const LONGEST_VECTOR = 3_072

/** A request with its images is limited to 20 MB (page on the batch API, for requests inside of a call). */
const MOST_IMAGE_BYTES = 15_000_000

/** Pictures of one request (guide on images, 2026). */
const MOST_IMAGES = 3_600

/**
 * Gemini's limits by its pages on the batch API and on limits (2026-11-22). How many tokens may wait depends on model and
 * tier, see `queue-tiers.ts`. Results are kept for six weeks by the newer text; uploaded files for 48 hours.
 */
export function geminiLimits(target: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  const isChat = target.endpoint === CHAT_ENDPOINT
  return {
    maxRequests: MEDIUM_REQUESTS,
    minRequests: 1,
    maxBytes: MOST_BYTES,
    maxLineBytes,
    maxImageBytes: MOST_IMAGE_BYTES,
    maxImages: MOST_IMAGES,
    queueTokens: null,
    queueRequests: null,
    maxInputs: null,
    maxInputsPerRequest: target.endpoint === EMBEDDINGS ? 1 : null,
    maxOutputBytes: null,
    vectorLength: target.endpoint === EMBEDDINGS ? LONGEST_VECTOR : null,
    queueRequestsPer: 'model',
    // Whether a batch that expired or was cancelled bills what it does not return is not documented.
    absentRowIsUnbilled: [],
    retentionDays: 42,
    modelOn: 'job',
    isEndpointKnown: ENDPOINTS.includes(target.endpoint),
    endpoints: ENDPOINTS,
    canCallDirectly: true,
    schemaDialect: isChat ? 'subset' : null,
    maxTokensField: isChat ? 'max_tokens' : null,
    mostTemperature: 2,
    // The target is a day; what has not ended after two has expired.
    windowHours: { default: 48, most: 48, canChoose: false },
  }
}
