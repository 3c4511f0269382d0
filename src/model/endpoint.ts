import { CHAT_ENDPOINT } from './target.ts'

/** The endpoints that have a short name; every other one is named by its path. */
export const ENDPOINTS_BY_NAME = {
  chat: CHAT_ENDPOINT,
  responses: '/v1/responses',
  embeddings: '/v1/embeddings',
  moderations: '/v1/moderations',
  'chat-moderations': '/v1/chat/moderations',
  classifications: '/v1/classifications',
  'chat-classifications': '/v1/chat/classifications',
  fim: '/v1/fim/completions',
} as const

export type EndpointName = keyof typeof ENDPOINTS_BY_NAME

/** An endpoint as a user writes it: a short name, or a path such as `/v1/ocr`. */
export type EndpointChoice = EndpointName | `/v1/${string}`

const PATH = /^\/v1(?:\/[a-z0-9_-]+)+$/i

/** The path that a choice stands for; undefined where it is neither a name nor a path. */
export function endpointPath(choice: string): string | undefined {
  if (Object.hasOwn(ENDPOINTS_BY_NAME, choice)) return ENDPOINTS_BY_NAME[choice as EndpointName]
  return PATH.test(choice) ? choice : undefined
}

/** The short name of a path, or the path itself where it has none. */
export function endpointName(path: string): string {
  return Object.entries(ENDPOINTS_BY_NAME).find(([, known]) => known === path)?.[0] ?? path
}

/**
 * False for vectors and verdicts: their answers are JSON, no model writes them token by token, and only input is counted
 * and paid for.
 */
export function isWritten(endpoint: string): boolean {
  return !/\/(?:embeddings|moderations|classifications)$/.test(endpoint)
}
