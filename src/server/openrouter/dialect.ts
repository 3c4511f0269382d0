import type { Dialect } from '../dialect.ts'
import { OPENAI } from '../openai/dialect.ts'

/** Limits by OpenRouter's guide on batches; answers, keys and errors are as OpenAI's. */
export const OPENROUTER: Dialect = {
  ...OPENAI,
  name: 'openrouter',
  prefixes: ['/openrouter/api/v1'],
  address: {
    path: '/openrouter/api/v1',
    baseUrlVariable: 'OPENROUTER_BASE_URL',
    keyVariable: 'OPENROUTER_API_KEY',
  },
  endpoints: ['/v1/chat/completions', '/v1/responses', '/v1/embeddings'],
  maxRequests: 5_000,
  maxBytes: 200_000_000,
  isLineComplete: false,
  listedModels: ['openai/gpt-6-luna', 'mistralai/mistral-small'],
  resultFile: { purpose: 'batch', lifeSeconds: null },
}
