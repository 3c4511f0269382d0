import type { JsonObject } from '../lib/json.ts'
import type { CacheUse } from './prompt-caches.ts'
import type { ApiError } from './simulate/provider-error.ts'
import type { Wording } from './simulate/wording.ts'
import type { BatchRecord, DialectName } from './state/record.ts'

/** Differences between the APIs that the server speaks, as data and pure functions. Routes stand in a folder for each. */
export interface Dialect {
  readonly name: DialectName
  /** Paths below which its routes lie. */
  readonly prefixes: readonly string[]
  /** The place where its official SDK is told to look, and the variables in which the SDK looks for place and key. */
  readonly address: { readonly path: string; readonly baseUrlVariable: string; readonly keyVariable: string }
  /** Paths that a batch may be sent to. */
  readonly endpoints: readonly string[]
  readonly maxRequests: number
  /** Bytes of an input file. */
  readonly maxBytes: number
  /** Requests that an account may have in its open batches; the create beyond it is refused. @default no limit */
  readonly queueRequests?: number
  /** False where a bad request fails by itself, and never the whole batch. @default true */
  readonly isRefusedForRows?: boolean
  /** True where every line names its method and its endpoint, and its model. */
  readonly isLineComplete: boolean
  /** True where every line must carry a custom id. */
  readonly needsCustomId: boolean
  /** Models that the API listed in November 2026; the server answers for every other name too. */
  readonly listedModels: readonly string[]
  /** Purpose and life of the files that a batch leaves behind; null where they live on. */
  readonly resultFile: { readonly purpose: string; readonly lifeSeconds: number | null }
  /** In whose words the simulated model refuses and answers. */
  readonly wording: Wording
  /** What requests and answers look like, where they are not as in that wording. @default as there */
  readonly shape?: Shape
  /** How pages and objects look, for the faults that change them. */
  readonly pages: Pages
  /** The key that came with a call; undefined where none came. */
  keyOf(header: (name: string) => string | undefined): string | undefined
  /** The answer to a wrong key, or to none. */
  refusedKey(key: string | undefined): Response
  /** The id of a new file or batch, from a digest of 64 hexadecimal digits. */
  recordId(kind: 'file' | 'batch', digest: string): string
  /** An error as its JSON body. */
  errorBody(error: ApiError): JsonObject
  /** One line of a result file. `position` is the 1-based place of the request in the batch. */
  resultLine(batch: BatchRecord, position: number, customId: unknown, reported: Reported): JsonObject
}

/** Requests and answers of an API that are not those of chat completions. */
export interface Shape {
  /** A line of an input as `custom_id` and `body`. */
  line(line: JsonObject): JsonObject
  /** The body of a request as a chat body, or why the API refuses it. */
  request(body: JsonObject, model: string): { readonly chat: JsonObject } | { readonly refused: ApiError }
  /** The answer to a request, from a chat answer. */
  answer(chat: JsonObject, request: { readonly model: string; readonly body: JsonObject }): JsonObject
  /** An answer with what the cache has served of its request. @default there is no cache */
  cached?(answer: JsonObject, use: CacheUse): JsonObject
}

/** Look of pages and objects. */
export interface Pages {
  /** What a body is, so that no fault strikes anything else. */
  kindOf(body: JsonObject): 'page' | 'batch' | 'file' | undefined
  /** The member of a page with its entries. */
  readonly entries: string
  /** The member that promises more pages. */
  readonly promise: string
  /** The promise of more, and the one of no more, on a page of so many entries. */
  more(entries: number): unknown
  noMore(entries: number): unknown
}

/** Content of a result line: an HTTP answer, or why there is none. */
export type Reported = { readonly status: number; readonly body: object } | Unanswered

/** The reason why a request has no answer: it was never executed, or it may have been and its answer was lost. */
export type Unanswered =
  | { readonly code: 'batch_expired' | 'batch_cancelled' }
  | { readonly code: 'may_have_been_executed'; readonly message: string }

/** The model of a request that names none; undefined where it must name one. OpenAI's moderations need not. */
export function standardModel(endpoint: string): string | undefined {
  return endpoint === '/v1/moderations' ? 'omni-moderation-latest' : undefined
}

/** Inputs of all lines of an embeddings batch together, by OpenAI's API description. */
export const MOST_EMBEDDING_INPUTS = 50_000
