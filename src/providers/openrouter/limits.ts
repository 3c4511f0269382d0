import type { Target } from '../../model/target.ts'
import { USUAL_LIMITS } from '../hosts/usual-limits.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'

/** By the guide on batches (2026-11-28); its endpoint of messages is not one that requests are frozen for. */
const ENDPOINTS: readonly string[] = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings']

const MAX_TOKENS_FIELDS: Readonly<Record<string, string>> = {
  '/v1/chat/completions': 'max_tokens',
  '/v1/responses': 'max_output_tokens',
}

/** Numbers of the longest vectors of known models. */
const LONGEST_VECTOR = 4_096

/** A create has 200 MB; what stands around its requests has room in the rest. */
const MAX_BYTES = 199_000_000

/** OpenRouter's limits, from its guide on batches. */
export function openRouterLimits({ endpoint }: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  return {
    ...USUAL_LIMITS,
    maxRequests: 5_000,
    maxBytes: MAX_BYTES,
    maxLineBytes,
    vectorLength: endpoint === '/v1/embeddings' ? LONGEST_VECTOR : null,
    retentionDays: 30,
    modelOn: 'job',
    isEndpointKnown: ENDPOINTS.includes(endpoint),
    endpoints: ENDPOINTS,
    canCallDirectly: true,
    maxTokensField: MAX_TOKENS_FIELDS[endpoint] ?? null,
    mostTemperature: 2,
    schemaDialect: endpoint === '/v1/embeddings' ? null : 'subset',
    windowHours: { default: 24, most: 24, canChoose: false },
  }
}
