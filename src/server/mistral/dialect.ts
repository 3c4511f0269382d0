import { whyUnanswered } from '../batch/never-executed.ts'
import type { Dialect } from '../dialect.ts'
import { bearerKey } from '../http/bearer.ts'
import { digestOf, uuidFrom } from '../state/identifier.ts'

/** Endpoints by Mistral's API description, limits by its batch guide. */
export const MISTRAL: Dialect = {
  name: 'mistral',
  prefixes: ['/mistral/v1'],
  address: { path: '/mistral/v1', baseUrlVariable: 'MISTRAL_BASE_URL', keyVariable: 'MISTRAL_API_KEY' },
  endpoints: [
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
  ],
  maxRequests: 1_000_000,
  maxBytes: 512_000_000,
  isLineComplete: false,
  needsCustomId: false,
  listedModels: [
    'codestral-latest',
    'mistral-embed',
    'mistral-medium-latest',
    'mistral-ocr-latest',
    'mistral-small-latest',
  ],
  resultFile: { purpose: 'batch', lifeSeconds: null },
  wording: 'mistral',
  pages: {
    kindOf: ({ object }) => (object === 'list' ? 'page' : object === 'batch' || object === 'file' ? object : undefined),
    entries: 'data',
    promise: 'total',
    more: (entries) => entries + 1_000,
    noMore: (entries) => entries,
  },
  keyOf: bearerKey,
  refusedKey: () => Response.json({ detail: 'Unauthorized' }, { status: 401 }),
  recordId: (_, digest) => uuidFrom(digest),
  errorBody: ({ message, type, code, param }) => ({ object: 'error', message, type, param, code }),
  resultLine(batch, position, customId, reported) {
    const start = { id: lineId(digestOf(batch.id, position), position), custom_id: customId ?? null }
    if ('code' in reported) {
      return { ...start, response: null, error: { code: reported.code, message: whyUnanswered(reported) } }
    }
    return { ...start, response: { status_code: reported.status, body: reported.body }, error: null }
  },
}

/** `batch-<8 hexadecimal digits>-<position>-<uuid>`, as in the samples of Mistral's guide. */
function lineId(digest: string, position: number): string {
  return `batch-${digest.slice(0, 8)}-${position}-${uuidFrom(digest.slice(32))}`
}
