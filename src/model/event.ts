import type { RemoteStatus, Stage } from './attempt.ts'
import type { Reason } from './reason.ts'
import type { RunState } from './run.ts'

/** Something that happened to a run; `Why` is how reasons are given. */
type HappeningWith<Why> =
  | { readonly type: 'run'; readonly state: RunState; readonly reason: Why | null }
  | {
      readonly type: 'batch'
      /** 1-based number of the batch within the run. */
      readonly batch: number
      readonly attempt: number
      readonly stage: Stage
      readonly remoteId: string | null
      readonly remoteStatus: RemoteStatus | null
      readonly reason: Why | null
    }
  | {
      readonly type: 'prepared'
      readonly rows: number
      readonly requests: number
      /** Batches to be sent. */
      readonly batches: number
      /** Rows answered by an earlier run. */
      readonly carried: number
      /** Rows that share the request of an earlier row. */
      readonly shared: number
    }
  | { readonly type: 'warning'; readonly code: string; readonly message: string | Why; readonly batch: number | null }
  | {
      readonly type: 'incident'
      readonly kind: string
      readonly message: string
      readonly remoteIds: readonly string[]
    }

/** Something that happened to a run, as a stage tells it: reasons are data, and messages may mention options. */
export type Happening = HappeningWith<Reason>

/** Receiver of the events of a stage; never throws, never waits. */
export type Emit = (happening: Happening) => void

/** The run that something happened to. */
interface About {
  readonly run: string
  readonly name: string | null
}

/** A happening with its run, before a command or a program is told in its own words. */
export type RunHappening = About & Happening

/** Something that happened, with the run that it happened to: for progress, files of events and the run's log. */
export type RunEvent = About & HappeningWith<string>
