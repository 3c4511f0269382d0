import type { Column, InputFile } from '../../model/column.ts'
import type { FileFacts } from '../../model/file-facts.ts'
import type { Reason } from '../../model/reason.ts'
import type { Reopening } from '../../model/reopening.ts'
import type {
  CancelCause,
  CarriedOver,
  Deadline,
  OutputPlan,
  Priority,
  RunDefinition,
  RunState,
} from '../../model/run.ts'
import type { StopLoss } from '../../model/stop-loss.ts'
import type { Target } from '../../model/target.ts'

/** The run itself, and what was noticed of it. */
export interface RunCatalog {
  record(): Promise<RunRecord>
  /** Moves the run along the table of moves; a move that is not allowed from the state found throws. */
  moveRun(to: RunState, reason?: Reason | null): Promise<void>
  /** Replaces what steers the run and does not define it; what is not named stays. */
  steerRun(steering: { readonly output?: OutputPlan; readonly priority?: Priority }): Promise<void>
  /** Sets the most that the run may cost, in micro-dollars; null for what the configuration says. */
  capRun(maxCostMicros: number | null): Promise<void>
  /** Sets until when the run should be done; null for no limit. */
  setDeadline(deadline: Deadline | null): Promise<void>
  /** Asks for the run to be cancelled because its deadline is near; what a person asked for before stays. */
  cancelForDeadline(): Promise<void>
  /** Records that failures have stopped the run, or may not stop it; null for neither. */
  setStopLoss(stopLoss: StopLoss | null): Promise<void>
  /** Remembers whose account the run's batches live in, once the provider has confirmed it. */
  bindAccount(account: string): Promise<void>
  /** Lets a run go to another API root. Throws `conflict` where something of it was sent to the one it has. */
  moveBaseUrl(baseUrl: string): Promise<void>
  /**
   * Ends preparing: the run is `ready`, and takes no more rows; or it is `open`, and takes more until it is sealed. Its rows
   * and their requests never change again.
   */
  beginRun(facts: BegunFacts): Promise<void>
  /** Has an open run take no more rows; may be repeated. */
  sealRun(): Promise<void>
  /** The rows of the run as they were frozen together, in order. */
  portions(): Promise<readonly PortionRecord[]>
  addIncident(incident: Incident): Promise<void>
  incidents(): Promise<readonly Incident[]>
}

export interface NewRun {
  readonly id: string
  readonly definition: RunDefinition
  readonly output: OutputPlan
  readonly createdAt: number
}

/** A run that is not finished, as a worker looks at it. Instants are epoch milliseconds. */
export interface WaitingRun {
  readonly id: string
  readonly state: RunState
  /** When the first of its batches is due that goes on by itself, apart from those to be sent; null where there is none. */
  readonly nextAt: number | null
  /** Its batches by target, where any are planned or open. */
  readonly queues: readonly WaitingQueue[]
  /** When the first of its batches may go on that were held by what a day may cost; null where there is none. */
  readonly dayHeldUntil: number | null
  readonly cancelRequestedAt: number | null
  /** When it is cancelled because its deadline is near; null where it has none. */
  readonly windUpAt: number | null
}

/** A run that has come to its end. */
export interface EndedRun {
  readonly id: string
  /** Epoch milliseconds, by the clock of its home. */
  readonly endedAt: number
}

/** Batches of a run for one target, as far as they are planned or open. */
export interface WaitingQueue {
  readonly target: Target
  /** When the first may be sent that was not; null where there is none. */
  readonly unsentAt: number | null
  /** Batches that were uploaded, or may be alive at the provider. */
  readonly open: number
  /** Those of them that wait, uploaded, for room in the provider's queue. */
  readonly shortOfRoom: number
}

/** A run as stored. Instants are epoch milliseconds. */
export interface RunRecord extends NewRun {
  readonly name: string | null
  readonly state: RunState
  /** Why it is held or paused; null otherwise. */
  readonly reason: Reason | null
  readonly rowCount: number
  readonly requestCount: number
  /**
   * sha256 over the frozen rows and the ordered requests with their targets; equal for the same work. Null for an open run.
   */
  readonly rowsHash: string | null
  readonly requestsHash: string | null
  /** Columns of the input, in order of appearance. */
  readonly columns: readonly Column[]
  /** The files of the input where it has several, in order; else none. */
  readonly files: readonly InputFile[]
  /** A salted digest of the key and scope its batches were made with; never the key. Null before the first call. */
  readonly account: string | null
  /** The most it may cost, in micro-dollars, where a flag or an option has said so; null otherwise. */
  readonly maxCostMicros: number | null
  readonly priority: Priority
  /** When the user or the deadline asked to cancel it; null when not asked, or asked and opened again since. */
  readonly cancelRequestedAt: number | null
  readonly cancelCause: CancelCause | null
  readonly deadline: Deadline | null
  /** Since when what the deadline has left over is asked directly; null before. */
  readonly tailBegunAt: number | null
  readonly stopLoss: StopLoss | null
  /** What it took over from an earlier run; null where it was to take over nothing. */
  readonly carried: CarriedOver | null
  /** True while a few of the requests that are sent again are still to be asked directly first. */
  readonly isCanaryDue: boolean
  /** What was asked to be sent again and is not in new batches yet, the oldest wish first. */
  readonly reopenings: readonly Reopening[]
  /** True while rows may be appended to it. */
  readonly isOpen: boolean
  readonly finishedAt: number | null
}

/** Facts by which a run is known once it is prepared. */
export interface BegunFacts {
  /** Unique among the runs of the home. */
  readonly name: string | null
  readonly isOpen: boolean
  /** Null for an open run, which is known by its name. */
  readonly rowsHash: string | null
  readonly requestsHash: string | null
  readonly carried: CarriedOver | null
}

/** Files of rows that were frozen together: their columns, and what is known of them besides. */
export interface RowFiles {
  /** The number of the writer that appended them, which their names hold; null where no other can have made the same. */
  readonly writer: number | null
  readonly rows: FileFacts
  readonly facts: FileFacts
  /** Tells where rows can be read from besides their beginning; null where these are few. */
  readonly index: FileFacts | null
}

/** Rows that were frozen together, with files of their own. */
export interface PortionRecord {
  /** 1-based within the run. */
  readonly number: number
  readonly rowCount: number
  /** Requests of these rows; those of earlier rows that some share are not among them. */
  readonly requestCount: number
  readonly rowFiles: RowFiles
  /** The file that tells which of its rows share a request; null where none do. */
  readonly sharing: FileFacts | null
}

/** Something the user may want to take up with the provider, such as a batch that was made twice. */
export interface Incident {
  readonly at: number
  readonly kind:
    | 'duplicate_batch'
    | 'conflicting_results'
    | 'unknown_ids'
    | 'unreadable_lines'
    | 'text_bodies'
    | 'given_up'
  readonly detail: string
  readonly remoteIds: readonly string[]
}
