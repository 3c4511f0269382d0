import type { Column, InputFile } from '../../model/column.ts'
import type { FileFacts } from '../../model/file-facts.ts'
import type { Reason } from '../../model/reason.ts'
import type { Reopening } from '../../model/reopening.ts'
import type { CancelCause, CarriedOver, Deadline, OutputPlan, RunDefinition, RunState } from '../../model/run.ts'
import type { StopLoss } from '../../model/stop-loss.ts'
import type { TallyGroup } from '../../model/tally.ts'

/** The run itself, and what was noticed of it. */
export interface RunCatalog {
  record(): Promise<RunRecord>
  /** Moves the run along the table of moves; a move that is not allowed from the state found throws. */
  moveRun(to: RunState, reason?: Reason | null): Promise<void>
  /** Replaces what steers the run and does not define it. */
  steerRun(output: OutputPlan): Promise<void>
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
  /** Ends preparing: the run is `ready`, and its rows and their requests never change again. */
  sealRun(facts: SealedFacts): Promise<void>
  addIncident(incident: Incident): Promise<void>
  incidents(): Promise<readonly Incident[]>
}

export interface NewRun {
  readonly id: string
  readonly definition: RunDefinition
  readonly output: OutputPlan
  readonly createdAt: number
}

/** A run as stored. Instants are epoch milliseconds. */
export interface RunRecord extends NewRun {
  readonly name: string | null
  readonly state: RunState
  /** Why it is held or paused; null otherwise. */
  readonly reason: Reason | null
  readonly rowCount: number
  readonly requestCount: number
  /** sha256 over the frozen rows and the ordered requests with their targets; equal for the same work. */
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
  /** When the user or the deadline asked to cancel it; null when not asked, or asked and opened again since. */
  readonly cancelRequestedAt: number | null
  readonly cancelCause: CancelCause | null
  readonly deadline: Deadline | null
  readonly stopLoss: StopLoss | null
  /** What it took over from an earlier run; null where it was to take over nothing. */
  readonly carried: CarriedOver | null
  /** True while a few of the requests that are sent again are still to be asked directly first. */
  readonly isCanaryDue: boolean
  /** What was asked to be sent again and is not in new batches yet, the oldest wish first. */
  readonly reopenings: readonly Reopening[]
  /** The file that tells which rows share a request; null where none do. */
  readonly sharing: FileFacts | null
  /** The files of its rows; null while they are not frozen. */
  readonly rowFiles: RowFiles | null
  readonly finishedAt: number | null
}

/** Files of the rows of a run: their columns, and what is known of them besides. */
export interface RowFiles {
  readonly rows: FileFacts
  readonly facts: FileFacts
}

export interface SealedFacts {
  /** Unique among the runs of the home. */
  readonly name: string | null
  readonly rowCount: number
  readonly requestCount: number
  /** Rows without a request, because of a problem. */
  readonly skippedCount: number
  readonly rowsHash: string
  readonly requestsHash: string
  readonly columns: readonly Column[]
  /** The files of the input where it has several, in order; else none. */
  readonly files: readonly InputFile[]
  /** The file that tells which rows share a request; null where none do. */
  readonly sharing: FileFacts | null
  readonly rowFiles: RowFiles
  /** The counts of batches some of whose requests are shared, by the keys of the batches. */
  readonly tallies: ReadonlyMap<number, readonly TallyGroup[]>
  /** @default null */
  readonly carried?: CarriedOver | null
}

/** Something the user may want to take up with the provider, such as a batch that was made twice. */
export interface Incident {
  readonly at: number
  readonly kind: 'duplicate_batch' | 'conflicting_results' | 'unknown_ids' | 'unreadable_lines' | 'text_bodies'
  readonly detail: string
  readonly remoteIds: readonly string[]
}
