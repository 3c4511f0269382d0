import { CHAT_ENDPOINT, type Target } from '../../model/target.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'
import { modelTraits } from './models.ts'

/** Requests in Anthropic's own words; all others are chat requests, of which the adapter makes these. */
export const MESSAGES_ENDPOINT = '/v1/messages'

const ENDPOINTS: readonly string[] = [CHAT_ENDPOINT, MESSAGES_ENDPOINT]

/**
 * Anthropic's limits by its pages on batches, rate limits and vision (2026-11-22). A create has at most 256 MB, which is
 * looked at once more, as it is serialised, before it is sent. 200,000 requests may wait on the lowest tier, those of all
 * models together; what higher tiers have is not published, and can be configured. An image has 10 MB in base64.
 */
export function anthropicLimits(target: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  return {
    maxRequests: 100_000,
    minRequests: 1,
    maxBytes: 250_000_000,
    maxLineBytes,
    maxImageBytes: 7_500_000,
    maxImages: modelTraits(target.model).mostImages,
    queueTokens: null,
    queueRequests: 200_000,
    maxInputs: null,
    maxInputsPerRequest: null,
    maxOutputBytes: null,
    vectorLength: null,
    queueRequestsPer: 'account',
    // Every request has a result of its own, so one without any is a fault of which nothing is known.
    absentRowIsUnbilled: [],
    retentionDays: 29,
    modelOn: 'line',
    isEndpointKnown: ENDPOINTS.includes(target.endpoint),
    endpoints: ENDPOINTS,
    canCallDirectly: true,
    maxTokensField: 'max_tokens',
    mostTemperature: 1,
    schemaDialect: 'subset',
    windowHours: { default: 24, most: 24, canChoose: false },
  }
}
