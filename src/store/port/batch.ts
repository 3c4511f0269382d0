import type { Stage } from '../../model/attempt.ts'
import type { BatchKind } from '../../model/batch.ts'
import type { Column, InputFile } from '../../model/column.ts'
import type { FileFacts } from '../../model/file-facts.ts'
import type { OutcomeStatus } from '../../model/outcome.ts'
import type { Reopening } from '../../model/reopening.ts'
import type { ResultFile } from '../../model/result-ref.ts'
import type { CancelCause, RunDefinition } from '../../model/run.ts'
import type { TallyGroup } from '../../model/tally.ts'
import type { Target } from '../../model/target.ts'
import type { AttemptChanges, AttemptRecord, AttemptUsage, NewAttempt } from './attempt.ts'
import type { Bill } from './money.ts'
import type { PortionRecord } from './run.ts'

/** Batches of a run, what came of them, and what is to be sent again. */
export interface BatchCatalog {
  /**
   * Adds a batch with its first attempt, planned; its input file and its plan must be on stable storage. What it takes over
   * from older batches is counted there no longer. Throws `conflict`, and adds nothing, where one of these requests does
   * not wait to be sent again, so that nothing is ever in two living batches. Returns the attempt's key.
   */
  addBatch(batch: NewBatchRecord): Promise<number>
  /**
   * Adds rows to a run that is being prepared or is open, with the batches of their requests: all of it, or nothing. The
   * files must be on stable storage. A run at rest is `paused` then. Throws `sealed` for a run that takes no rows, and
   * `conflict` where another portion has the number.
   */
  addPortion(portion: NewPortion): Promise<void>
  /**
   * Ends a batch of kind `carried`: `planned -> collected`. Nothing is billed, and no estimate learns from it. Its files must
   * be on stable storage. Throws `conflict` for a batch of another kind.
   */
  settleCarried(attemptKey: number, settled: Settlement): Promise<void>
  /** Every batch of the run by number, with its counts; the log reads requests by them. */
  batches(): Promise<readonly BatchRecord[]>
  /** One batch of the run. */
  batch(key: number): Promise<BatchRecord>
  /** True where requests wait to be planned into a batch. */
  hasPending(): Promise<boolean>
  /** True where rows have an invalid answer and may be asked again, by what their run allows. */
  hasReaskable(): Promise<boolean>
  /**
   * Ends collection: the outcomes of a batch count from now on, and its attempt moves from `ended` to `collected` (or
   * `rejected`, where the batch was refused as a whole). The bill takes the place of what was set aside for it; without one
   * it cost nothing.
   */
  settleAttempt(
    key: number,
    to: 'collected' | 'rejected',
    changes: AttemptChanges,
    settled: Settlement,
    bill?: Bill,
  ): Promise<AttemptRecord>
  /** Holds an attempt (`ended -> held`) whose final outcomes count; what is to be sent again waits for a person. */
  holdSettled(key: number, changes: AttemptChanges, settled: Settlement): Promise<AttemptRecord>
  /**
   * Gives up an attempt (`held -> collected`) of which nothing is to come any more; its outcomes count. What was set aside
   * for it stays so, because it may have been billed.
   */
  giveUpAttempt(key: number, settled: Settlement): Promise<AttemptRecord>
  /**
   * Has requests that stand so sent again, for `retry`, and opens a finished run where there are any; returns how many rows
   * they answer. A row that was asked again is asked its first question.
   */
  reopenRequests(reopening: NewReopening): Promise<number>
  /** Has a few of the requests that wait to be sent again asked directly first. */
  setCanaryDue(): Promise<void>
  /** Records that all requests that were to be sent again are in new batches. */
  endReplanning(): Promise<void>
  /**
   * Ends every attempt that was not sent, and gives its requests and the pending ones the outcome `cancelled`. Returns these
   * attempts as they were.
   */
  cancelUnsent(): Promise<readonly AttemptRecord[]>
  counts(): Promise<RequestCounts>
}

/**
 * Method by which the input tokens of a batch were estimated; calibration is kept apart for each. `bytes`: four bytes a
 * token. `fitted`: by classes of characters, their weights fitted to rows that were counted exactly, or ours where no
 * tokenizer knows the model.
 */
export type TokenMethod = 'bytes' | 'fitted'

/** Rows about to be added to a run, and what the run is once they are. */
export interface NewPortion extends PortionRecord {
  /** Rows without a request, because of a problem. */
  readonly skippedCount: number
  /** Of the whole run. */
  readonly columns: readonly Column[]
  /** The files of the input where it has several, in order; else none. */
  readonly files: readonly InputFile[]
  /** New batches, with all of its requests that are not in one already. */
  readonly batches: readonly NewBatchRecord[]
  /** The counts of earlier batches some of whose requests are shared, by the keys of the batches. */
  readonly tallies: ReadonlyMap<number, readonly TallyGroup[]>
  /** The definition with what the first row tells; kept where the run had no rows before. */
  readonly definition: RunDefinition
}

export interface NewBatchRecord {
  /** @default 'batch' */
  readonly kind?: BatchKind
  readonly target: Target
  /** Estimated input tokens before calibration, and how they were estimated. */
  readonly tokens: number
  readonly tokenMethod: TokenMethod
  readonly requestCount: number
  readonly firstOrdinal: number
  readonly lastOrdinal: number
  /** The file of its plan; null where its requests count up and were never sent before. */
  readonly plan: FileFacts | null
  /** Its requests as they are counted, by how often they were asked anew. */
  readonly tally: readonly TallyGroup[]
  /** What it takes over, by the keys of the batches that held it. */
  readonly taken: ReadonlyMap<number, readonly TallyGroup[]>
  /** What of it asks anew. */
  readonly reasked: ReaskCounts
  readonly contentHash: string
  /** The most tokens its answers may have together; null where any of them is without limit. */
  readonly mostOutputTokens: number | null
  readonly attempt: NewAttempt
}

/** A batch as the log of its run reads it. */
export interface BatchRecord {
  readonly key: number
  /** 1-based within the run; what a later one says of a request counts. */
  readonly number: number
  readonly kind: BatchKind
  readonly target: Target
  readonly requestCount: number
  readonly firstOrdinal: number
  readonly lastOrdinal: number
  /** Of its first attempt, under which its lines were frozen. */
  readonly nonce: string
  readonly inputName: string
  readonly plan: FileFacts | null
  /** Of its newest attempt. */
  readonly stage: Stage
  /** True where what is to be sent again was given up, because the run was cancelled. */
  readonly isGivenUp: boolean
  /** Null while no outcome of it counts. */
  readonly settled: SettledBatch | null
  /** Its requests as they stand, without those that a newer batch has taken over. */
  readonly tally: readonly TallyGroup[]
  readonly reasked: ReaskCounts
}

/** Questions that were asked anew, because an answer was invalid. */
export interface ReaskCounts {
  readonly requests: number
  /** Rows of which this was the first time. */
  readonly rows: number
}

/** The outcomes of a batch that count. */
export interface SettledBatch {
  readonly attemptKey: number
  /** Of that attempt. */
  readonly nonce: string
  /** The file of columns, by its name and what proves it. */
  readonly name: string
  readonly facts: FileFacts
  /** The raw result files that they were read from. */
  readonly resultFiles: readonly ResultFile[]
  /** Why the run was being cancelled at that time; null where it was not. */
  readonly cancelCause: CancelCause | null
}

/** Outcomes, counts and usage of a batch that is settled. */
export interface Settlement extends Omit<SettledBatch, 'attemptKey' | 'nonce'> {
  readonly tally: readonly TallyGroup[]
  readonly usage: readonly AttemptUsage[]
}

/** Which requests are to be sent again, and how. */
export interface NewReopening extends Omit<Reopening, 'upToBatch'> {
  /** Of more requests than this, a few are asked directly first; null for none. */
  readonly canaryAbove: number | null
}

/** Rows by the state of their newest request; rows that were skipped for a problem have none and count as `skipped`. */
export type RequestCounts = Readonly<Record<OutcomeStatus | 'pending' | 'batched' | 'skipped', number>>
