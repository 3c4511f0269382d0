import type { Dialect } from '../dialect.ts'
import { bearerKey } from '../http/bearer.ts'
import { OPENAI } from '../openai/dialect.ts'
import { entryOf } from './entry-of.ts'

/** Limits by xAI's guide on batches; errors and answers as OpenAI's, because its own words are not known. */
export const XAI: Dialect = {
  ...OPENAI,
  name: 'xai',
  prefixes: ['/xai/v1'],
  address: { path: '/xai/v1', baseUrlVariable: 'XAI_BASE_URL', keyVariable: 'XAI_API_KEY' },
  endpoints: ['/v1/chat/completions'],
  maxRequests: 50_000,
  maxBytes: 200_000_000,
  listedModels: ['grok-4', 'grok-4-fast'],
  resultFile: { purpose: 'batch', lifeSeconds: null },
  pages: {
    kindOf: ({ batch_id: id, batches, object }) => {
      if (Array.isArray(batches)) return 'page'
      if (typeof id === 'string') return 'batch'
      return object === 'file' ? object : undefined
    },
    entries: 'batches',
    promise: 'pagination_token',
    more: () => 'more',
    noMore: () => undefined,
  },
  keyOf: bearerKey,
  refusedKey: () => {
    const error = { message: 'Incorrect API key provided.', type: 'invalid_request_error', param: null, code: null }
    return Response.json({ error }, { status: 400 })
  },
  recordId: (kind, digest) => (kind === 'file' ? `file_${digest.slice(0, 24)}` : `batch_${digest.slice(0, 32)}`),
  resultLine: (_batch, _position, id, reported) => ({ batch_request_id: id, ...entryOf(reported) }),
}
