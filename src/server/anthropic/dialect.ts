import { isJsonObject } from '../../lib/json.ts'
import type { Dialect } from '../dialect.ts'
import { bearerKey } from '../http/bearer.ts'
import type { ApiError } from '../simulate/provider-error.ts'
import { digestOf } from '../state/identifier.ts'
import { messageOf } from './message.ts'
import { chatOf } from './params.ts'
import { withCacheUsage } from './prompt-cache.ts'

/** Limits by Anthropic's guide on batches: MB are read as the smaller unit. */
export const ANTHROPIC: Dialect = {
  name: 'anthropic',
  prefixes: ['/anthropic/v1'],
  // The official SDK adds the version itself.
  address: { path: '/anthropic', baseUrlVariable: 'ANTHROPIC_BASE_URL', keyVariable: 'ANTHROPIC_API_KEY' },
  endpoints: ['/v1/messages'],
  maxRequests: 100_000,
  maxBytes: 256_000_000,
  queueRequests: 200_000,
  isLineComplete: false,
  needsCustomId: true,
  isRefusedForRows: false,
  listedModels: ['claude-fable-5-2', 'claude-haiku-5-5', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-4-5'],
  resultFile: { purpose: 'batch', lifeSeconds: null },
  wording: 'openai',
  shape: { line: (line) => line, request: chatOf, answer: messageOf, cached: withCacheUsage },
  pages: {
    kindOf: (body) => {
      if (body['type'] === 'message_batch') return 'batch'
      return Array.isArray(body['data']) && Object.hasOwn(body, 'last_id') ? 'page' : undefined
    },
    entries: 'data',
    promise: 'has_more',
    more: () => true,
    noMore: () => false,
  },
  // Newer versions of the official SDK send the key as a bearer token.
  keyOf: (header) => header('x-api-key') ?? bearerKey(header),
  refusedKey: (key) =>
    refuse(401, key === undefined ? 'x-api-key header is required' : 'invalid x-api-key', 'authentication_error'),
  recordId: (kind, digest) => `${kind === 'file' ? 'file' : 'msgbatch'}_${digest.slice(0, 24)}`,
  errorBody: errorResponse,
  resultLine(_batch, _position, customId, reported) {
    const start = { custom_id: customId ?? null }
    if ('code' in reported) {
      return { ...start, result: { type: reported.code === 'batch_expired' ? 'expired' : 'canceled' } }
    }
    if (reported.status !== 200) return { ...start, result: { type: 'errored', error: reported.body } }
    const { body } = reported
    const message = isJsonObject(body) && isJsonObject(body['usage']) ? inBatch(body, body['usage']) : body
    return { ...start, result: { type: 'succeeded', message } }
  },
}

/** Error types by HTTP status, by the page on errors. */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** A whole error response; the category stands one level deeper than the type of the whole. */
function errorResponse({ message, status }: Pick<ApiError, 'message' | 'status'>): {
  readonly [name: string]: unknown
} {
  const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { type: 'error', error: { type, message }, request_id: `req_${digestOf(type, message).slice(0, 24)}` }
}

/** A refusal of a call. */
export function refuse(status: number, message: string, type?: string): Response {
  const body = errorResponse({ status, message })
  const error = type === undefined ? body['error'] : { type, message }
  return Response.json({ ...body, error }, { status })
}

function inBatch(message: object, usage: object): object {
  return { ...message, usage: { ...usage, service_tier: 'batch' } }
}
