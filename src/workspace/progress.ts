import type { RemoteStatus, Stage } from '../model/attempt.ts'
import { isCreatedBatch } from '../model/batch.ts'
import type { ReasonCode, TellReason } from '../model/reason.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RequestCounts } from '../store/port/batch.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunStore } from '../store/store.ts'

/** Where a batch stands, in the words shown to people. */
export const BATCH_PHASES = [
  'planned',
  'asking',
  'uploading',
  'waiting',
  'unfunded',
  'unconfirmed',
  'queued',
  'running',
  'finalizing',
  'checking',
  'held',
  'collected',
] as const

export type BatchPhase = (typeof BATCH_PHASES)[number]

/** Name and state of a run. */
export type ProgressRun = Pick<
  RunRecord,
  'id' | 'name' | 'state' | 'rowCount' | 'requestCount' | 'createdAt' | 'finishedAt' | 'deadline'
> & {
  /** Why it is held or paused, in words; null otherwise. */
  readonly reason: string | null
}

/** Progress of a run. Instants are epoch milliseconds. */
export interface Progress {
  readonly run: ProgressRun
  /** Rows of the run. */
  readonly total: number
  /** Rows by where they stand: their outcome, `skipped`, `batched` (in a batch), `pending` (in none yet). */
  readonly counts: RequestCounts
  /** Rows that have their final record. */
  readonly done: number
  /** Rows that an earlier run has answered. */
  readonly carried: number
  /** Rows that share the request of an earlier row. */
  readonly shared: number
  /** Batches by where they stand. */
  readonly batches: Readonly<Record<BatchPhase, number>>
  /** Requests of batches at the provider that it says it has executed, for display only. */
  readonly executedThere: number
  /** When the oldest batch that is still at the provider was made there; null where none is. */
  readonly oldestOpenAt: number | null
  /** When the next batch is looked at; null where none waits. */
  readonly nextLookAt: number | null
  /** When the first open batch runs out; null where not known. */
  readonly expiresAt: number | null
  /** What a person may want to know now: what is waited for, what is held. */
  readonly notes: readonly { readonly batch: number; readonly text: string; readonly until: number | null }[]
}

/** Reads how far a run has come, reasons told by `tell`; any process may ask. */
export async function progressOf(
  store: Pick<RunStore, 'record' | 'counts' | 'currentAttempts'>,
  tell: TellReason,
): Promise<Progress> {
  const [run, counts, attempts] = await Promise.all([store.record(), store.counts(), store.currentAttempts()])
  const batches: Record<BatchPhase, number> = {
    planned: 0,
    asking: 0,
    uploading: 0,
    waiting: 0,
    unfunded: 0,
    unconfirmed: 0,
    queued: 0,
    running: 0,
    finalizing: 0,
    checking: 0,
    held: 0,
    collected: 0,
  }
  for (const attempt of attempts) {
    // To a user, rows that were asked directly are not a batch.
    if (isCreatedBatch(attempt.kind) || phaseOf(attempt) !== 'collected') batches[phaseOf(attempt)] += 1
  }
  const open = attempts.filter(({ stage }) => stage === 'submitted')
  const active = attempts.filter(({ stage }) => stage === 'submitted' || stage === 'unconfirmed')
  return {
    run: progressRun(run, tell),
    total: run.rowCount,
    counts,
    done: run.rowCount - counts.pending - counts.batched,
    carried: run.carried?.rows ?? 0,
    shared: sharedRows(run, counts),
    batches,
    executedThere: open.reduce((sum, batch) => sum + (batch.remoteCompleted ?? 0) + (batch.remoteFailed ?? 0), 0),
    oldestOpenAt: least(open.map(({ submittedAt }) => submittedAt)),
    nextLookAt: least(active.map(({ nextAt }) => nextAt)),
    expiresAt: least(open.map(({ expiresAt }) => expiresAt)),
    notes: attempts.flatMap((attempt) => noteOf(attempt, tell)),
  }
}

function progressRun(run: RunRecord, tell: TellReason): ProgressRun {
  const { createdAt, deadline, finishedAt, id, name, requestCount, rowCount, state } = run
  const reason = run.reason && tell(run.reason)
  return { id, name, state, reason, rowCount, requestCount, createdAt, finishedAt, deadline }
}

/** Rows that share the request of an earlier row: all others have one of their own, or were skipped. */
export function sharedRows(
  { requestCount, rowCount }: Pick<RunRecord, 'requestCount' | 'rowCount'>,
  { skipped }: Pick<RequestCounts, 'skipped'>,
): number {
  return rowCount - skipped - requestCount
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.min(...known)
}

const REMOTE_PHASES: Readonly<Record<RemoteStatus, BatchPhase>> = {
  queued: 'queued',
  in_progress: 'running',
  finalizing: 'finalizing',
  cancelling: 'finalizing',
  completed: 'finalizing',
  failed: 'checking',
  expired: 'checking',
  cancelled: 'checking',
}

const STAGE_PHASES: Readonly<Record<Exclude<Stage, 'planned' | 'submitted'>, BatchPhase>> = {
  uploaded: 'uploading',
  creating: 'uploading',
  unconfirmed: 'unconfirmed',
  calling: 'asking',
  ended: 'checking',
  held: 'held',
  collected: 'collected',
  rejected: 'collected',
  abandoned: 'collected',
  cancelled: 'collected',
}

/** The phases of batches that stay here until others have ended, by why they do. */
const WAITING_PHASES: Readonly<Partial<Record<ReasonCode, BatchPhase>>> = {
  queue_full: 'waiting',
  over_budget: 'unfunded',
  over_day_budget: 'unfunded',
}

/** The phase of a batch, by what we did and, once it is submitted, by what the provider says. */
export function phaseOf(attempt: Pick<AttemptRecord, 'stage' | 'remoteStatus' | 'reasonCode'>): BatchPhase {
  const isUnsent = attempt.stage === 'planned' || attempt.stage === 'uploaded'
  const waiting = isUnsent && attempt.reasonCode ? WAITING_PHASES[attempt.reasonCode] : undefined
  if (waiting) return waiting
  if (attempt.stage === 'planned') return 'planned'
  if (attempt.stage === 'submitted') return REMOTE_PHASES[attempt.remoteStatus ?? 'queued']
  return STAGE_PHASES[attempt.stage]
}

function noteOf(attempt: AttemptRecord, tell: TellReason): Progress['notes'] {
  const isFinal = STAGE_PHASES[attempt.stage as keyof typeof STAGE_PHASES] === 'collected'
  if (isFinal || attempt.reason === null) return []
  // Room and budget appear when they appear; the instant of the next question is not the end of the wait.
  const isWaiting = attempt.reasonCode !== null && WAITING_PHASES[attempt.reasonCode] !== undefined
  const hasNoEnd = attempt.stage === 'held' || isWaiting
  return [{ batch: attempt.batch, text: tell(attempt.reason), until: hasNoEnd ? null : attempt.nextAt }]
}
