import { formatDuration, HOUR_MS } from '../../../lib/duration.ts'
import type { RequestCounts } from '../../../store/port/batch.ts'
import type { BatchPhase, Progress } from '../../../workspace/progress.ts'

/** One moment of a run, as the panel and the plain lines show it. Durations are milliseconds. */
export interface ProgressView {
  readonly runId: string
  readonly name: string | null
  /** Rows of the run. */
  readonly total: number
  readonly byStatus: RequestCounts
  readonly batches: Readonly<Record<BatchPhase, number>>
  /** Requests that the provider says it has executed, of batches that it still has. */
  readonly executedThere: number
  /** Age of the oldest batch at the provider; null where none is there. */
  readonly oldestAgeMs: number | null
  /** Until the next look at a batch; null where none is planned. */
  readonly nextPollInMs: number | null
  /** Until the provider gives up on a batch; null where that is unknown or far away. */
  readonly expiresInMs: number | null
  /** Until the deadline of the run; null where there is none. */
  readonly deadlineInMs: number | null
  /** What a person should know now, such as `batch 3: waiting to confirm a create, 4m left`. */
  readonly notes: readonly string[]
  /** Since the run was made. */
  readonly elapsedMs: number
}

/** Before that the end of a batch's window is nothing a person needs to think about. */
const EXPIRY_SHOWN_MS = 3 * HOUR_MS

/** What to show of a run's progress at this instant. */
export function progressView(progress: Progress, now: number): ProgressView {
  const { run, expiresAt, oldestOpenAt, nextLookAt } = progress
  return {
    runId: run.id,
    name: run.name,
    total: progress.total,
    byStatus: progress.counts,
    batches: progress.batches,
    executedThere: progress.executedThere,
    oldestAgeMs: oldestOpenAt === null ? null : Math.max(0, now - oldestOpenAt),
    nextPollInMs: nextLookAt === null ? null : Math.max(0, nextLookAt - now),
    expiresInMs: expiresAt === null || expiresAt - now > EXPIRY_SHOWN_MS ? null : Math.max(0, expiresAt - now),
    deadlineInMs: run.deadline === null ? null : Math.max(0, run.deadline.at - now),
    notes: progress.notes.map((note) => noteText(note, now)),
    elapsedMs: Math.max(0, now - run.createdAt),
  }
}

function noteText({ batch, text, until }: Progress['notes'][number], now: number): string {
  const left = until === null || until <= now ? '' : `, ${formatDuration(until - now)} left`
  return `batch ${batch}: ${text}${left}`
}
