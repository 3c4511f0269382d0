import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { FiredFault } from './faults/injector.ts'
import type { FaultRule } from './faults/rule.ts'
import type { AnswerShares } from './simulate/answer-mix.ts'
import type { AnswerFunction } from './simulate/given-answer.ts'
import type { Ledger } from './state/ledger.ts'

/** Durations of the parts of a batch's life, in milliseconds. */
export interface Durations {
  /** From creation to the end of validation. @default 20 */
  readonly validateMs: number
  /** From the first row to the last; rows are spread evenly over it. @default 50 */
  readonly runMs: number
  /** From the last row to the result files. @default 20 */
  readonly finalizeMs: number
  /** From the cancel call to the cancelled batch. @default 20 */
  readonly cancelMs: number
  /** From creation until the batch expires; null for the 24 hours (or `timeout_hours`) it was created with. @default null */
  readonly expireAfterMs: number | null
}

export const DEFAULT_DURATIONS: Durations = {
  validateMs: 20,
  runMs: 50,
  finalizeMs: 20,
  cancelMs: 20,
  expireAfterMs: null,
}

/** Options of the local batch server; everything but the folder has a default. */
export interface LocalServerOptions {
  /** All state lies below this folder; a server started on it again goes on where the last one stopped. */
  readonly folder: string
  /** TCP port on 127.0.0.1; 0 picks a free one. @default 0 */
  readonly port?: number | undefined
  readonly durations?: Partial<Durations> | undefined
  /** Seed of ids, of the order of result lines and of random faults. @default random, then kept in the folder */
  readonly seed?: number | undefined
  /** Keys that are accepted; undefined accepts any key that is not empty. */
  readonly acceptedKeys?: readonly string[] | undefined
  /** The account of each key; batches and files of other accounts are invisible. @default one account for all keys */
  readonly accounts?: Readonly<Record<string, string>> | undefined
  /** Rows a batch may have. @default the provider's documented limit */
  readonly maxRequests?: number | undefined
  /** Bytes an input file may have. @default the provider's documented limit */
  readonly maxBytes?: number | undefined
  /** Input tokens that may be queued for one model of one account; undefined for no limit. */
  readonly queueTokens?: number | undefined
  /** Requests that an account may have in its open batches, where the API limits them. @default the documented limit */
  readonly queueRequests?: number | undefined
  /** What goes wrong, and when; texts such as `create:1=accept-then-500` are read as rules. @default nothing */
  readonly faults?: readonly (FaultRule | string)[] | undefined
  /**
   * Shares of answers that are not as asked, as an object or a text such as `invalid=0.05,fenced=0.1`; which ones follows
   * from seed and request. @default none
   */
  readonly answers?: AnswerShares | string | undefined
  /**
   * Answers requests in place of the simulated model, rows of batches and direct calls alike; see docs/local-server.md.
   * A row that is executed again after a restart is asked again. @default none
   */
  readonly answer?: AnswerFunction | undefined
  /**
   * In which ways OpenAI's API lies here as at another host, such as `no-metadata`; see docs/local-server.md. @default none
   */
  readonly peculiarities?: readonly string[] | undefined
  /** Models that end, or that batches do not take, as the lists of models tell; their batches are answered all the same. */
  readonly models?: Readonly<Record<string, SimulatedModel>> | undefined
  /** `any` takes uploads for batches that have another name than `*.jsonl`, or none. @default 'jsonl' */
  readonly uploadNames?: 'jsonl' | 'any' | undefined
  /** What one row with `stream: true` makes the server refuse: that row, or the whole batch at validation. @default 'row' */
  readonly streamRefuses?: 'row' | 'batch' | undefined
  /**
   * Tells an address of each batch of OpenAI's API that ends, as OpenAI does with webhooks, and by the same secret the
   * address that the create of a batch at OpenRouter has named. @default none is told
   */
  readonly webhook?: WebhookOptions | undefined
  /** Called for each batch that the server could not go on with; its client sees it as failed. @default nothing */
  readonly onFailure?: ((failure: BatchFailure) => void) | undefined
  readonly disk?: Disk | undefined
  readonly clock?: Clock | undefined
}

/** Address and secret of webhooks. */
export interface WebhookOptions {
  readonly url: string
  /** `whsec_` and base64, as OpenAI gives one, or any text. */
  readonly secret: string
  /** Told what was not delivered in three tries. @default nothing */
  readonly onUndelivered?: ((text: string) => void) | undefined
}

/** Facts of a model that a list of models tells. */
export interface SimulatedModel {
  /** The day or instant on which it is shut down, such as `2026-12-11`. @default not told */
  readonly endsAt?: string | undefined
  /** False where it is not listed as one for batches. @default true */
  readonly canBatch?: boolean | undefined
}

/** A batch that the server could not go on with, for example because its disk is full. */
export interface BatchFailure {
  readonly batchId: string
  readonly error: Error
}

/** A running local batch server. */
export interface LocalServer {
  /** Origin, such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** For `OPENAI_BASE_URL`; `/v1` at the origin answers the same. */
  readonly openaiUrl: string
  /** For `MISTRAL_BASE_URL`; the official SDK wants it without `/v1`. */
  readonly mistralUrl: string
  /** For `ANTHROPIC_BASE_URL`; the official SDK adds `/v1` itself. */
  readonly anthropicUrl: string
  /** For `GEMINI_BASE_URL`; the official SDK wants it without `/v1beta`. */
  readonly geminiUrl: string
  /** For `XAI_BASE_URL`. */
  readonly xaiUrl: string
  /** What a provider would have billed so far, read from its books. */
  ledger(): Promise<Ledger>
  /** Resolves when no batch is alive any more. */
  drain(): Promise<void>
  /** Replaces all fault rules, so that a test can switch faults on and off; counting of calls starts anew. */
  setFaults(faults: readonly (FaultRule | string)[]): void
  /** The faults that struck since the rules were set, in order. */
  firedFaults(): readonly FiredFault[]
  /** Stops listening, drops open connections and stops working on batches; leaves no timer and no handle behind. */
  close(): Promise<void>
}
