import type { DialectName } from './state/record.ts'

/** Differences between the two APIs when a batch is checked and executed. */
export interface Dialect {
  readonly name: DialectName
  /** Paths that a batch may be sent to. */
  readonly endpoints: readonly string[]
  readonly maxRequests: number
  /** Bytes of an input file. */
  readonly maxBytes: number
  /** True where every line names its method and its endpoint, and its model. */
  readonly isLineComplete: boolean
  /** True where every line must carry a custom id. */
  readonly needsCustomId: boolean
}

/** Endpoints and limits by OpenAI's API description, version 2.3.0. */
const OPENAI: Dialect = {
  name: 'openai',
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
}

/** Endpoints by Mistral's API description, limits by its batch guide. */
const MISTRAL: Dialect = {
  name: 'mistral',
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
}

/** The model of a request that names none; undefined where it must name one. OpenAI's moderations need not. */
export function standardModel(endpoint: string): string | undefined {
  return endpoint === '/v1/moderations' ? 'omni-moderation-latest' : undefined
}

/** Both APIs by name. */
export const DIALECT: Readonly<Record<DialectName, Dialect>> = { openai: OPENAI, mistral: MISTRAL }

/** Inputs of all lines of an embeddings batch together, by OpenAI's API description. */
export const MOST_EMBEDDING_INPUTS = 50_000
