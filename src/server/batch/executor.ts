import type { RowRequest, RowResult } from '../simulate/execute-row.ts'
import type { BatchRecord } from '../state/record.ts'
import type { BatchSignals } from './batch-signals.ts'
import type { ExecutionPlace } from './execution-place.ts'
import type { Halt, Row } from './row.ts'
import type { Settlement } from './settlement.ts'

/** A batch that is to be executed. */
export interface BatchWork {
  readonly batch: BatchRecord
  readonly signals: BatchSignals
  /** The rows in the order of the input, a list per piece read; may be read again. */
  rows(): AsyncIterable<readonly Row[]>
  /** Takes what became of each row, one at a time. */
  readonly settlement: Settlement
}

/** Port of what answers requests: the simulated model, or a server of models that is asked for each of them. */
export interface Executor {
  /** Paths that it answers. @default all of the dialect */
  readonly endpoints?: readonly string[]
  /**
   * Executes the rows of a batch and settles each of them, unless it stops because the server closes. Tells why it stopped
   * before the last row; undefined where it did not.
   */
  execute(place: ExecutionPlace, work: BatchWork): Promise<Halt | undefined>
  /** Answers one synchronous call. */
  answer(place: ExecutionPlace, call: DirectCall): Promise<RowResult>
  /** The answer to a question for the list of models. @default the models of the dialect */
  models?(signal: AbortSignal): Promise<Response>
  /** Forgets what it has kept of a batch, whose results are in place. May be repeated. @default it keeps nothing */
  forget?(place: ExecutionPlace, batchId: string): Promise<void>
}

/** A synchronous call of an account. */
export interface DirectCall extends RowRequest {
  readonly account: string
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
}
