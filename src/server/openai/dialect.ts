import { whyUnanswered } from '../batch/never-executed.ts'
import type { Dialect } from '../dialect.ts'
import { bearerKey } from '../http/bearer.ts'
import { digestOf } from '../state/identifier.ts'

/** Days that OpenAI keeps result files, by its guide; the simulator tells but does not delete. */
const OUTPUT_LIFE_SECONDS = 30 * 86_400

/** Endpoints and limits by OpenAI's API description, version 2.3.0. */
export const OPENAI: Dialect = {
  name: 'openai',
  prefixes: ['/openai/v1', '/v1'],
  address: { path: '/openai/v1', baseUrlVariable: 'OPENAI_BASE_URL', keyVariable: 'OPENAI_API_KEY' },
  endpoints: [
    '/v1/responses',
    '/v1/chat/completions',
    '/v1/embeddings',
    '/v1/completions',
    '/v1/moderations',
    '/v1/images/generations',
    '/v1/images/edits',
    '/v1/videos',
  ],
  maxRequests: 50_000,
  maxBytes: 200_000_000,
  isLineComplete: true,
  needsCustomId: true,
  listedModels: ['gpt-6-luna', 'gpt-6.1-terra', 'gpt-6.1-sol', 'omni-moderation-latest', 'text-embedding-3-small'],
  resultFile: { purpose: 'batch_output', lifeSeconds: OUTPUT_LIFE_SECONDS },
  wording: 'openai',
  pages: {
    kindOf: ({ object }) => (object === 'list' ? 'page' : object === 'batch' || object === 'file' ? object : undefined),
    entries: 'data',
    promise: 'has_more',
    more: () => true,
    noMore: () => false,
  },
  keyOf: bearerKey,
  refusedKey(key) {
    const [message, code] =
      key === undefined
        ? ["You didn't provide an API key.", null]
        : [`Incorrect API key provided: ${masked(key)}.`, 'invalid_api_key']
    const error = { message, type: 'invalid_request_error', param: null, code }
    return Response.json({ error }, { status: 401 })
  },
  recordId: (kind, digest) => (kind === 'file' ? `file-${digest.slice(0, 24)}` : `batch_${digest.slice(0, 32)}`),
  errorBody: ({ message, type, code, param }) => ({ error: { message, type, param, code } }),
  resultLine(batch, position, customId, reported) {
    const digest = digestOf(batch.id, position)
    const start = { id: `batch_req_${digest.slice(0, 32)}`, custom_id: customId ?? null }
    if ('code' in reported) {
      return { ...start, response: null, error: { code: reported.code, message: whyUnanswered(reported) } }
    }
    const response = { status_code: reported.status, body: reported.body, request_id: digest.slice(32) }
    return { ...start, response, error: null }
  },
}

/** The API shows the ends of a wrong key. */
function masked(key: string): string {
  return key.length < 12 ? '***' : `${key.slice(0, 4)}${'*'.repeat(key.length - 8)}${key.slice(-4)}`
}
