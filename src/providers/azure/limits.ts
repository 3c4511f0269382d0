import type { Target } from '../../model/target.ts'
import { USUAL_LIMITS } from '../hosts/usual-limits.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'

const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'

/** Embeddings are in the reference and not in the guide, which says that they are not supported; the guide counts. */
const ENDPOINTS: readonly string[] = [CHAT, RESPONSES]

/**
 * Azure's limits, from its pages of 2026 (docs/providers/azure.md). How many tokens may wait depends on subscription, region
 * and model. A deployment for batches takes no synchronous calls.
 */
export function azureLimits({ endpoint }: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  return {
    ...USUAL_LIMITS,
    maxRequests: 100_000,
    maxBytes: 200_000_000,
    maxLineBytes,
    vectorLength: null,
    // Not documented for files without an expiry; the shortest expiry that one can have.
    retentionDays: 14,
    modelOn: 'line',
    isEndpointKnown: ENDPOINTS.includes(endpoint),
    endpoints: ENDPOINTS,
    canCallDirectly: false,
    maxTokensField: endpoint === RESPONSES ? 'max_output_tokens' : 'max_completion_tokens',
    mostTemperature: 2,
    schemaDialect: 'subset',
    windowHours: { default: 24, most: 24, canChoose: false },
  }
}
