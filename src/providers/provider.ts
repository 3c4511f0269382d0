import type { Clock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json.ts'
import type { Random } from '../lib/random.ts'
import type { FrozenRequest } from '../log/frozen-line.ts'
import type { SchemaDialect } from '../model/answer.ts'
import type { RemoteStatus, TerminalStatus } from '../model/attempt.ts'
import type { Failure } from '../model/failure.ts'
import type { Outcome } from '../model/outcome.ts'
import type { ResultRef } from '../model/result-ref.ts'
import type { Target } from '../model/target.ts'
import type { Transport, TransportResponse } from './transport.ts'

/**
 * The contract of a provider. An adapter is a factory that binds key, base URL and transport once and returns a plain
 * object; it remembers nothing, and neither retries creates, waits nor polls. Differences between providers are data
 * in `Limits`, read by one core.
 *
 * Every network call may throw `ProviderError`; only `create` throws `NotCreated` or `Unknown` in its place.
 */
export interface Provider {
  /** As the user writes it before the slash of a model. */
  readonly name: string
  /** The API root with its version path, without a slash at the end. */
  readonly baseUrl: string
  readonly abilities: Abilities
  /** What can be sent where; pure. */
  limits(target: Target): Limits
  /** One request as the provider takes it on a line, without line feed; pure. */
  encode(request: WireRequest): string
  /**
   * An input of frozen lines (`log/frozen-line.ts`, our own format) as the provider takes it, with its exact size; the lines
   * are read for it only where their number and bytes do not tell it. The same object where it takes these lines as they are.
   */
  encodeInput(input: FrozenInput): Promise<BatchInput>
  /** A result line, of either file; undefined where it carries no usable id; pure and tolerant. */
  decode(line: string, target: Target): DecodedLine | undefined
  /**
   * Stores an input; may be repeated, a copy costs nothing but quota. Absent where the create carries the input itself: such
   * an adapter has neither `file` nor `discard`. An `unfenced` one may lack these two all the same.
   */
  store?(input: BatchInput, signal: AbortSignal): Promise<RemoteFile>
  /** The stored file, or `absent`. */
  file?(id: string, signal: AbortSignal): Promise<RemoteFile | 'absent'>
  /**
   * The paid call: exactly one HTTP attempt. The input is the one stored before, or, where nothing is stored, the input
   * itself. Throws `NotCreated` or `Unknown`, never just an error.
   */
  create(batch: NewBatch, input: InputRef | BatchInput, signal: AbortSignal): Promise<RemoteBatch>
  /**
   * True for a batch that proves to be the one meant: by the input stored for it, by its marks, by whatever else the
   * provider repeats; never by likeness. Pure. Always false where batches carry nothing of ours (`counted`).
   */
  isOurs(batch: RemoteBatch, mark: BatchMark): boolean
  /**
   * Batches created since then, and whether the listing was conclusive; serves all open intents at once. The instant is
   * compared with the provider's clock, so the caller allows for a difference.
   */
  list(since: Date, signal: AbortSignal): Promise<Listing>
  /**
   * One free call that reads the beginning of the list: the key is accepted, and the base URL leads to a batch API. Gives
   * the time of the provider's clock, null where it does not tell it. Throws `ProviderError` where either is not so.
   */
  greet?(signal: AbortSignal): Promise<{ readonly at: Date | null }>
  /**
   * What the provider's list of models tells of the one that requests are for; may be repeated. Absent where its list tells
   * nothing that matters here. Waits for no longer than some seconds.
   */
  describeModel?(target: Target, signal: AbortSignal): Promise<ModelNote>
  /** The input files stored since then. */
  listFiles?(since: Date, signal: AbortSignal): Promise<FileListing>
  get(id: string, signal: AbortSignal): Promise<RemoteBatch>
  /** The bytes of a result. Throws where the body ends before its declared length. */
  read(result: ResultRef, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** A wish: the next `get` tells what became of it. */
  cancel(id: string, signal: AbortSignal): Promise<void>
  /** Deletes a file; says what happened, because the fence depends on it. */
  discard?(ref: string, signal: AbortSignal): Promise<'gone' | 'refused'>
  /**
   * One synchronous call of the same request, in a single attempt; billed at the synchronous price. What the API says of
   * the request is an answer; a failed call of kind `transport`, `server` or `shape` may have been billed all the same.
   */
  direct(request: WireRequest, signal: AbortSignal): Promise<DirectAnswer>
  /**
   * Answers of an endpoint as its synchronous calls give them, for programs that know no batches; undefined where these calls
   * have other bodies than the requests of batches. Absent where that is so at every endpoint.
   */
  synchronous?(endpoint: string): SynchronousShape | undefined
  /**
   * Any call below the API root as it is, with the key of this adapter, in a single attempt; resolves for every status, with
   * the body still to be read. Billed as the provider bills it. Absent where calls cannot be passed on.
   */
  pass?(request: PassedRequest, signal: AbortSignal): Promise<TransportResponse>
}

/** A call that is passed on. */
export interface PassedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the API root with its version, such as `/models`; with its query. */
  readonly path: string
  /** Those that say what the call means; none with a key. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: { readonly bytes: number; readonly stream: AsyncIterable<Uint8Array> }
}

/** Form of the answers to synchronous calls; pure. */
export interface SynchronousShape {
  /** The answer that a result line holds, refusals too; undefined where nothing of the request came back. */
  replyOf(line: string): SynchronousReply | undefined
  /** The JSON Schema that the body of a call asks answers to follow; null where it names none. */
  schemaOf(body: JsonObject): JsonObject | null
  /** The body of an answer that is an error. */
  errorBody(problem: { readonly code: string | null; readonly message: string }): string
  /** How an answer of this endpoint is fetched that was asked for before; absent where it cannot be. */
  readonly background?: BackgroundShape
}

/** Form of an answer that is asked for first and fetched later by an id; bodies are JSON text. */
export interface BackgroundShape {
  /** What every id begins with. */
  readonly idPrefix: string
  /** The answer while it is not there, or when it never will be. */
  unfinishedBody(state: BackgroundState): string
  /** The answer that a synchronous call would have brought, under the id by which it is fetched; also one that failed. */
  finishedBody(reply: SynchronousReply, state: Omit<BackgroundState, 'status'>): string
}

/** An answer that is fetched later, as it stands. */
export interface BackgroundState {
  readonly id: string
  readonly status: 'queued' | 'in_progress' | 'cancelled'
  readonly model: string
  /** When it was asked for, as far as that is known. */
  readonly at: Date
}

/** Answer to a synchronous call. */
export interface SynchronousReply {
  /** Of HTTP. */
  readonly status: number
  /** JSON text. */
  readonly body: string
}

/** Abilities of a provider besides those that its verbs say. Read by the steps that submit. */
export interface Abilities {
  /** How a create is found again whose answer was lost. */
  readonly recovery: Recovery
  /** How long a create with the same key makes no second batch, by the provider's documents; only of `key`. @default 0 */
  readonly keyKeptMs?: number
}

/**
 * Way to find a lost create again.
 *
 * - `key`: the create takes an idempotency key, so it is repeated with the same key and input for as long as the provider
 *   keeps it (`keyKeptMs`); later it is held for a person.
 * - `marked`: by a mark of ours on the batch, such as its stored input or metadata. What the listing does not show, after
 *   the waits and the fence, was not made.
 * - `named`: the same by the batch's name, which is its only mark.
 * - `unfenced`: by the batch's name or its stored input, too, but nothing is known to make a late create harmless. What the
 *   listing does not show is held for a person, and never sent again unless the user says so.
 * - `counted`: by nothing but likeness. The answer to the POST is believed as it comes. No two creates without an answer have
 *   as many requests; a listed batch of that number and time is waited for, and taken once its answers carry our wire ids.
 *   Where there is none the create is held for a person, and never sent again unless the user says so.
 */
export type Recovery = 'key' | 'marked' | 'named' | 'unfenced' | 'counted'

/** Facts of a model that the provider's list of models tells. */
export interface ModelNote {
  /** When it answers no more; null where that is not told. */
  readonly endsAt: Date | null
  /** Whether it takes batches; null where that is not told. */
  readonly canBatch: boolean | null
}

/** Whose result line it is, and what it says. */
export interface DecodedLine {
  readonly wireId: string
  readonly outcome: Outcome
  /** True where the body of the answer is a text that holds its JSON, as one server writes it. @default false */
  readonly isBodyText?: boolean
}

/** Answer to a synchronous call. */
export interface DirectAnswer {
  readonly outcome: Outcome
  /** The same as a result line that `decode` reads, the body as it came; to be kept and joined like any other. */
  readonly line: string
}

/** Options of an adapter. */
export interface ProviderOptions {
  readonly apiKey: string
  /** What no text may show besides the key; may grow. @default the key alone */
  readonly secrets?: readonly string[]
  /** As `Provider.baseUrl`; what a user wrote is checked and completed before (`config/base-url.ts`). */
  readonly baseUrl: string
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  /** The total time limit of a create. @default 60,000 */
  readonly createTimeoutMs?: number
  /** The total time limit of a synchronous call, within which it may be silent: models think. @default 600,000 */
  readonly directTimeoutMs?: number
  /** The longest wait that is taken over from a `Retry-After`. @default 3,600,000 */
  readonly retryAfterMostMs?: number
  /** First wait before a failed read is repeated; grows fourfold. @default 500 */
  readonly readRetryMs?: number
  /** Bytes of all pages of a listing, before it ends as inconclusive. @default 1 GiB */
  readonly mostListedBytes?: number
  /** Overrides `Limits.maxLineBytes`, for which the providers document no number. @default 64 MiB */
  readonly maxLineBytes?: number
}

/** Limits and capabilities of one target. Every number can be overridden, because providers change them. */
export interface Limits {
  readonly maxRequests: number
  readonly minRequests: number
  /** Bytes of an input, counted in frozen lines: less than documented where the provider's own lines are longer. */
  readonly maxBytes: number
  /** Bytes of one line, line feed excluded. */
  readonly maxLineBytes: number
  /** Bytes of one image inside of a request, before it is encoded. */
  readonly maxImageBytes: number
  /** Images of one request. */
  readonly maxImages: number
  /** Input tokens that may wait at the provider for this model; null where unknown. */
  readonly queueTokens: number | null
  readonly queueRequests: number | null
  /** Inputs of all requests of a batch together, where a request may hold several; null for no limit. */
  readonly maxInputs: number | null
  /** Inputs of one request; null where no number is known. */
  readonly maxInputsPerRequest: number | null
  /** Bytes that the answers to a batch may have, as far as they can be foreseen; null for no limit. */
  readonly maxOutputBytes: number | null
  /** Numbers of a vector that is asked for without saying how many; null where the answers are not vectors. */
  readonly vectorLength: number | null
  /** Whether the requests of one model count against that, or those of all models of the account. */
  readonly queueRequestsPer: 'model' | 'account'
  /** Terminal statuses after which a request in neither file is known to be unbilled. */
  readonly absentRowIsUnbilled: readonly TerminalStatus[]
  /** Days until result files vanish, by the strictest source. */
  readonly retentionDays: number
  /** Where the model is named. */
  readonly modelOn: 'line' | 'job'
  /** Whether batches can be sent to this endpoint at all. */
  readonly isEndpointKnown: boolean
  /** All endpoints that batches can be sent to. */
  readonly endpoints: readonly string[]
  /** Whether a single request of it can be sent as it is in a synchronous call. */
  readonly canCallDirectly: boolean
  /** The body field for the most tokens an answer may have; null where the endpoint has none. */
  readonly maxTokensField: string | null
  /** The highest temperature that is taken, the lowest being 0; null where it is not known. */
  readonly mostTemperature: number | null
  /** Which JSON Schemas it can have its answers follow; null where they follow none. */
  readonly schemaDialect: SchemaDialect | null
  /** Hours a batch may take when nothing else is asked for, and whether that can be chosen. */
  readonly windowHours: { readonly default: number; readonly most: number; readonly canChoose: boolean }
}

/** One request as it goes on a line. */
export type WireRequest = FrozenRequest

/** An input as the provider takes it. */
export interface BatchInput {
  /** The file name at the provider; carries the attempt's nonce and ends in `.jsonl`. */
  readonly name: string
  /** Exact size, sent as content length. */
  readonly bytes: number
  /** Opens the file's bytes; called once per try. */
  open(): AsyncIterable<Uint8Array>
}

/** An input of frozen lines. */
export interface FrozenInput extends BatchInput {
  readonly target: Target
  /** How many lines there are. */
  readonly requests: number
}

/** An input that the provider has stored. */
export type InputRef = Pick<RemoteFile, 'id'>

/** Mark of a batch of ours. */
export interface BatchMark {
  /** The input stored for it and for no other batch; null where the create carried the input. */
  readonly inputFileId: string | null
  readonly nonce: string
}

/** A file as the provider describes it. */
export interface RemoteFile {
  readonly id: string
  /** Null where the provider does not say. */
  readonly bytes: number | null
  readonly name: string | null
  readonly createdAt: Date | null
}

/** Content of a batch that is to be created. */
export interface NewBatch {
  readonly target: Target
  /**
   * Private markers; keys of at most 32 characters, values of 1 to 512, the smallest limits of all providers.
   * `llm_batch_nonce` is the same at every create of an attempt and at no other: an idempotency key or a name, too.
   */
  readonly metadata: Readonly<Record<string, string>>
  /** Hours until the provider gives up; ignored where it cannot be chosen. */
  readonly windowHours: number | null
}

/** A batch as the provider describes it. */
export interface RemoteBatch {
  readonly id: string
  readonly status: RemoteStatus
  /** The provider's own word. */
  readonly rawStatus: string
  /** True where the provider's word was not known and `in_progress` stands for it. */
  readonly isStatusUnknown: boolean
  readonly endpoint: string | null
  readonly model: string | null
  readonly inputFileId: string | null
  readonly metadata: Readonly<Record<string, string>>
  /** The provider's own counts: for display only, never for completeness. */
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number } | null
  /** The results that there are, or are known of so far; none before the end at most providers. */
  readonly results: readonly ResultRef[]
  /** Reasons for the batch as a whole, with the 1-based line of the input file where given. */
  readonly errors: readonly RemoteProblem[]
  readonly createdAt: Date | null
  readonly expiresAt: Date | null
}

/** One reason the provider gives for refusing a batch. */
export interface RemoteProblem {
  readonly code: string | null
  readonly message: string
  readonly line: number | null
  /** Set where the queue had no room for the batch, which passes: with the tokens that it takes, null where not told. */
  readonly queueFull: { readonly limitTokens: number | null } | null
}

/** A listing is conclusive only if every page was well-formed, advanced, and the end was reached. */
export type Listing =
  | { readonly isConclusive: true; readonly batches: readonly RemoteBatch[] }
  | {
      readonly isConclusive: false
      readonly batches: readonly RemoteBatch[]
      readonly reason: string
      /** Of the call that ended it, where one failed. */
      readonly failure?: Failure
    }

export type FileListing =
  | { readonly isConclusive: true; readonly files: readonly RemoteFile[] }
  | { readonly isConclusive: false; readonly files: readonly RemoteFile[]; readonly reason: string }

export type { Failure, FailureKind } from '../model/failure.ts'
export type { ResultRef, ResultRole } from '../model/result-ref.ts'

/** A call that failed. Whether and when it is repeated is decided by the stage that made it. */
export class ProviderError extends Error {
  override readonly name: string = 'ProviderError'
  readonly failure: Failure

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause })
    this.failure = failure
  }
}

/**
 * A create that certainly made no batch: the connection was never established, or an API-shaped 4xx other than 408,
 * 409 and 429. A new intent may follow.
 */
export class NotCreated extends ProviderError {
  override readonly name = 'NotCreated'
}

/** A create whose effect is unknown. Only listing may decide; never send it again because of this error. */
export class Unknown extends ProviderError {
  override readonly name = 'Unknown'
}
