import type { RemoteStatus, Stage } from './attempt.ts'
import type { BatchKind } from './batch.ts'
import type { OutcomeStatus } from './outcome.ts'
import type { Reason } from './reason.ts'
import type { RunState } from './run.ts'

/** Life of an attempt that is over, and what it brought. Instants are ISO 8601 in UTC, null where it did not come so far. */
export interface SettledBatch {
  /** 1-based number of the batch within the run. */
  readonly batch: number
  readonly attempt: number
  /** A final one. */
  readonly stage: Stage
  readonly kind: BatchKind
  readonly provider: string
  readonly endpoint: string
  readonly model: string
  readonly remoteId: string | null
  readonly requests: number
  readonly plannedAt: string
  readonly uploadedAt: string | null
  readonly submittedAt: string | null
  readonly endedAt: string | null
  /** Rows whose requests have an outcome now, by that; those that are sent again are not among them. */
  readonly rows: Readonly<Partial<Record<OutcomeStatus, number>>>
  readonly inputTokens: number
  /** Those of them that the provider had cached. */
  readonly cachedInputTokens: number
  readonly outputTokens: number
  /** US dollars; null where the price or the usage of a billed answer is unknown. */
  readonly costUsd: number | null
}

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
  | (SettledBatch & { readonly type: 'settled' })
  | {
      readonly type: 'written'
      /** The file of the answers; `-` for standard output. */
      readonly path: string
      readonly rows: number
      readonly tookMs: number
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
