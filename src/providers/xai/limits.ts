import { CHAT_ENDPOINT, type Target } from '../../model/target.ts'
import { USUAL_LIMITS } from '../hosts/usual-limits.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'

/** Lines name their URL, but results are said to have the shape of chat answers always. */
const ENDPOINTS: readonly string[] = [CHAT_ENDPOINT]

/** By the guide on batches of August 2026, as all numbers here. */
const MAX_LINE_BYTES = 25_000_000

/** xAI's limits, from its guide on batches. */
export function xaiLimits({ endpoint }: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  const isEndpointKnown = ENDPOINTS.includes(endpoint)
  return {
    ...USUAL_LIMITS,
    maxRequests: 50_000,
    maxBytes: 200_000_000,
    maxLineBytes: Math.min(maxLineBytes, MAX_LINE_BYTES),
    vectorLength: null,
    // Thirty from the create on, as it seems, and a batch may take one of them.
    retentionDays: 29,
    modelOn: 'line',
    isEndpointKnown,
    endpoints: ENDPOINTS,
    canCallDirectly: isEndpointKnown,
    maxTokensField: isEndpointKnown ? 'max_tokens' : null,
    mostTemperature: null,
    schemaDialect: null,
    windowHours: { default: 24, most: 24, canChoose: false },
  }
}
