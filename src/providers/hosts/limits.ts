import type { Target } from '../../model/target.ts'
import { DEFAULT_MAX_LINE_BYTES } from '../line-limit.ts'
import type { Limits } from '../provider.ts'
import type { HostProfile } from './profile.ts'
import { USUAL_LIMITS } from './usual-limits.ts'

const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'
const EMBEDDINGS = '/v1/embeddings'

/** Numbers of the longest vectors of open models, for one whose length is not known. */
const LONGEST_VECTOR = 4_096

/** A cautious guess: most hosts that say a number keep results for a month. */
const RETENTION_DAYS = 7

/** The limits of a profile for one target. */
export function hostLimits(profile: HostProfile, { endpoint }: Target, maxLineBytes = DEFAULT_MAX_LINE_BYTES): Limits {
  const { endpoints, hasSchemas = false, limits, window } = profile
  const mostHours = window.mostHours ?? window.hours
  return {
    ...USUAL_LIMITS,
    maxRequests: limits.requestsAt?.[endpoint] ?? limits.requests,
    maxBytes: limits.bytes,
    maxLineBytes: Math.min(limits.lineBytes ?? maxLineBytes, maxLineBytes),
    queueTokens: limits.queueTokens ?? null,
    vectorLength: endpoint === EMBEDDINGS ? LONGEST_VECTOR : null,
    retentionDays: limits.retentionDays ?? RETENTION_DAYS,
    modelOn: 'line',
    isEndpointKnown: endpoints.includes(endpoint),
    endpoints,
    canCallDirectly: true,
    schemaDialect: hasSchemas && (endpoint === CHAT || endpoint === RESPONSES) ? 'subset' : null,
    maxTokensField: maxTokensField(profile, endpoint),
    mostTemperature: null,
    windowHours: { default: window.hours, most: mostHours, canChoose: mostHours > window.hours },
  }
}

function maxTokensField({ maxTokensField: chatField = 'max_tokens' }: HostProfile, endpoint: string): string | null {
  if (endpoint === CHAT) return chatField
  if (endpoint === RESPONSES) return 'max_output_tokens'
  return endpoint === '/v1/completions' ? 'max_tokens' : null
}
