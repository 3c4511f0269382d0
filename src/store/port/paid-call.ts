import type { Stage } from '../../model/attempt.ts'
import type { BudgetReason } from '../../model/reason.ts'
import type { AttemptChanges, AttemptRecord } from './attempt.ts'
import type { SpendingTerms } from './money.ts'
import type { Admission, QueueState, Wait } from './queue.ts'

/** Calls that cost money, each with an intent that is committed before it: creates, and synchronous calls. */
export interface PaidCallCatalog {
  /**
   * Commits the intent, sets aside what the attempt may cost, and moves it from `uploaded` to `creating`; only then may
   * the POST be made. Both questions are answered inside the transaction, the queue's first; where one of them refuses,
   * nothing is changed.
   */
  openIntent(
    attemptKey: number,
    record: IntentFacts,
    admit: (queue: QueueState) => Admission,
    spending?: SpendingTerms,
  ): Promise<IntentOpening>
  /**
   * Commits the intent of the same create once more, under the same idempotency key: `unconfirmed -> creating`. What is set
   * aside for it stays as it is.
   */
  repeatIntent(attemptKey: number, record: IntentFacts): Promise<IntentRecord>
  /**
   * Records what became of the POST and moves the attempt, in one transaction. What was set aside for a batch that was
   * not created is free again.
   */
  closeIntent(key: number, answer: IntentAnswer, to: Stage, changes?: AttemptChanges): Promise<AttemptRecord>
  /** The intents of an attempt, oldest first. */
  intents(attemptKey: number): Promise<readonly IntentRecord[]>
  /** Commits the intent of one synchronous call; only then may it be made. Returns its key. */
  openCall(attemptKey: number, ordinal: number): Promise<number>
  /** Records what became of the call; `line` is its answer as a result line, kept until `endCalls`. */
  closeCall(key: number, answer: CallAnswer, line: string | null): Promise<void>
  /** The calls of an attempt, oldest first; a request whose call was not made may have several. */
  calls(attemptKey: number): Promise<readonly DirectCall[]>
  /** Moves the attempt from `calling` to `ended`, once the answers are on disk as its result file. */
  endCalls(attemptKey: number, stem: string): Promise<AttemptRecord>
  /**
   * Gives what the deadline has left over, certainly unbilled, back to be asked directly: `cancelling -> running`. Everything
   * that this follows from is looked at in the transaction, so that nothing of it can be alive at the provider.
   */
  beginTail(): Promise<TailOpening>
}

/**
 * Result of opening a tail. `unsettled`: something of the run may still happen, or it was not yet seen whether a create of
 * it was repeated. `in_doubt`: a batch of its work may be alive that is not followed. `not_due`: there is nothing to ask, or
 * no time or wish for it.
 */
export type TailOpening =
  | { readonly did: 'begun'; readonly rows: number }
  | { readonly did: 'unsettled' | 'in_doubt' | 'not_due' }

/** Everything that must be known to find a lost create again, written before its one POST. */
export interface IntentFacts {
  readonly at: number
  readonly baseUrl: string
  readonly account: string
  readonly endpoint: string
  readonly model: string
  readonly nonce: string
  readonly contentHash: string
  /** Null where the create carried the input. */
  readonly inputFileId: string | null
  readonly inputBytes: number
  readonly inputSha256: string
  readonly lineCount: number
  readonly adapterVersion: number
}

export const INTENT_ANSWERS = ['created', 'not_created', 'unknown', 'adopted', 'proved_absent'] as const

export type IntentAnswer = (typeof INTENT_ANSWERS)[number]

export interface IntentRecord extends IntentFacts {
  readonly key: number
  readonly attemptKey: number
  /** Null while the POST may be on the wire. */
  readonly answer: IntentAnswer | null
  readonly answeredAt: number | null
}

/** Result of opening an intent. */
export type IntentOpening =
  | { readonly isOpen: true; readonly intent: IntentRecord }
  | { readonly isOpen: false; readonly refusal: Wait | BudgetReason }

/**
 * What became of a synchronous call. `answered`: its result line is known. `not_made`: certainly not executed, so that it
 * may be made again. `unknown`: it may have been executed and billed.
 */
export const CALL_ANSWERS = ['answered', 'not_made', 'unknown'] as const

export type CallAnswer = (typeof CALL_ANSWERS)[number]

/** One synchronous call of a request. */
export interface DirectCall {
  readonly key: number
  readonly ordinal: number
  /** Null while it may be on the wire. */
  readonly answer: CallAnswer | null
  readonly line: string | null
}
