import type { Target } from '../../model/target.ts'
import type { TokenMethod } from './batch.ts'

/** Queues of the provider, shared by all runs of the home at one base URL. */
export interface QueueCatalog {
  /**
   * Records that the provider refused a batch of this attempt for want of room; recording the same one again changes
   * nothing. Returns what is believed of the queue from now on.
   */
  recordRefusal(attemptKey: number, refusal: QueueRefusal): Promise<QueueBelief>
  /** What refusals have taught about the queue of a model; null where there were none. */
  queueBelief(target: Target): Promise<QueueBelief | null>
  /** Forgets that the queue of a model is in doubt, so that it is tried again at once; a learnt limit stays. */
  trustQueue(target: Target): Promise<void>
  /** Instants of queues at this run's provider that lie behind `now` become now: the clock was set back. */
  bringBackQueues(now: number): Promise<void>
  /** Batches of this model that count as in flight and that this run does not watch itself. */
  unwatchedInFlight(target: Target): Promise<readonly UnwatchedBatch[]>
  /** Remembers a look at such a batch; its own run goes on as if it had not been looked at. */
  noteUnwatched(attemptKey: number, at: number, hasEnded: boolean): Promise<void>
  /** True while a batch of any run waits for room at this run's provider, so that ends should be looked for often. */
  isRoomWanted(): Promise<boolean>
  /** What all runs of the home have in flight at this run's provider for a model. */
  inFlight(target: Target): Promise<QueueLoad>
  /** True tokens for each estimated one, as collected batches of the model have shown; null where none has. */
  tokenRate(target: Target, method: TokenMethod): Promise<number | null>
}

/** Permission of the provider's queue for a batch now. */
export type Admission = { readonly isAdmitted: true } | { readonly isAdmitted: false; readonly wait: Wait }

/** The reason why a batch may not be created now. */
export interface Wait {
  /**
   * `too_large`: it must be cut, waiting does not help. `same_count`: a batch of as many requests has a create without an
   * answer; `count_in_doubt`: the same, and that may take long; `count_held`: only a person ends that, and this batch cannot
   * be cut.
   */
  readonly code: 'queue_full' | 'too_large' | 'same_count' | 'count_in_doubt' | 'count_held'
  /** What there is no room for, with numbers. */
  readonly words: string
  /** When to ask again; the batch is woken before that when room appears. */
  readonly nextAt: number
}

/**
 * The provider's queue for one model at one base URL, as all runs of the home have filled it, and the batch that asks for
 * room. Token counts are estimates, calibrated.
 */
export interface QueueState {
  readonly batch: QueueLoad
  readonly inFlight: QueueLoad
  /** Requests in flight of all models at the base URL. */
  readonly accountRequests: number
  /** Batches of all models at the base URL whose create may have been sent and was not answered. */
  readonly unanswered: readonly UnansweredCreate[]
  /** Batches that go before this one where room is free, in their order. */
  readonly ahead: readonly { readonly since: number; readonly nextAt: number }[]
  readonly belief: QueueBelief | null
  /** True where collected batches have shown what estimates of this kind are worth. */
  readonly isCalibrated: boolean
}

/** A create that has no answer yet: in doubt once none is to come, and held where a person must decide. */
export interface UnansweredCreate {
  readonly requests: number
  readonly isInDoubt: boolean
  readonly isHeld: boolean
}

export interface QueueLoad {
  readonly tokens: number
  readonly requests: number
}

/** Work that waits or goes on at a provider for one model, at whatever base URL. Tokens are estimates, calibrated. */
export interface QueuedWork extends QueueLoad {
  readonly provider: string
  readonly model: string
}

/** Knowledge about a queue that refusals have taught. Instants are epoch milliseconds. */
export interface QueueBelief {
  /** Tokens that fit, as far as known; null where no refusal told. */
  readonly tokens: number | null
  readonly learntAt: number | null
  /** The provider's words that the limit was read from. */
  readonly learntFrom: string | null
  /** True from a refusal until a batch created after it was accepted. */
  readonly isInDoubt: boolean
  /** True while a batch created after the refusal has neither been accepted nor refused. */
  readonly hasProber: boolean
  /** Refusals in a row, and how many of them while nothing of the home was in flight. */
  readonly refusals: number
  readonly refusalsAlone: number
  /** Tokens that were in flight when the last batch was refused. */
  readonly tokensInFlight: number
  /** When to try again although nothing has ended. */
  readonly tryAt: number
}

/** A batch refused for want of room. */
export interface QueueRefusal {
  readonly at: number
  /** The limit that the provider names; null where it names none. */
  readonly limitTokens: number | null
  readonly words: string
  /** What was learnt before this instant is believed no longer. */
  readonly believedSince: number
  /** How long to wait after so many refusals in a row, from 1. */
  readonly waitMs: (refusals: number) => number
}

/** A batch in flight that another run, or no process, watches. */
export interface UnwatchedBatch {
  readonly attemptKey: number
  readonly run: string
  readonly remoteId: string
  readonly lastPollAt: number
}
