import type { Dialect } from '../dialect.ts'
import { geminiError, statusWord } from './errors.ts'
import { GEMINI_SHAPE } from './shape.ts'

/** Paths, limits and forms by Gemini's pages on the batch API, on files and on limits. */
export const GEMINI: Dialect = {
  name: 'gemini',
  prefixes: ['/gemini/v1beta', '/gemini/upload/v1beta', '/gemini/download/v1beta'],
  address: { path: '/gemini/v1beta', baseUrlVariable: 'GEMINI_BASE_URL', keyVariable: 'GEMINI_API_KEY' },
  endpoints: ['/v1/chat/completions', '/v1/embeddings'],
  // No number is published.
  maxRequests: Number.MAX_SAFE_INTEGER,
  maxBytes: 2_000_000_000,
  isLineComplete: false,
  needsCustomId: false,
  listedModels: ['gemini-2.5-pro', 'gemini-3.1-pro-preview', 'gemini-3.8-flash', 'gemini-embedding-001'],
  resultFile: { purpose: 'batch', lifeSeconds: null },
  wording: 'openai',
  shape: GEMINI_SHAPE,
  pages: {
    kindOf: ({ files, name, operations }) => {
      if (operations !== undefined || files !== undefined) return 'page'
      if (typeof name !== 'string') return undefined
      return name.startsWith('batches/') ? 'batch' : name.startsWith('files/') ? 'file' : undefined
    },
    entries: 'operations',
    promise: 'nextPageToken',
    more: () => 'more',
    noMore: () => undefined,
  },
  keyOf: (header) => header('x-goog-api-key'),
  refusedKey: () =>
    geminiError(400, 'API key not valid. Please pass a valid API key.', [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
    ]),
  // Letters and digits, and a batch so long that the file of its results has a name that the files' own calls refuse.
  recordId: (kind, digest) => digest.slice(0, kind === 'file' ? 12 : 36),
  errorBody: ({ message, status }) => ({ error: { code: status, message, status: statusWord(status) } }),
  resultLine(_batch, _position, key, reported) {
    if ('code' in reported) return { key, error: { code: 1, message: 'The batch was cancelled.' } }
    if (reported.status === 200) return { key, response: reported.body }
    return { key, ...reported.body }
  },
}
