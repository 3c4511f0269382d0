import { type Billed, type OutcomeStatus } from '../model/outcome.ts'
import { isFinished } from '../model/run.ts'
import type { RunStore } from '../store/store.ts'

/** Statuses whose requests are sent again by a plain `retry`, where nothing was billed for them. */
const UNFINISHED: readonly OutcomeStatus[] = ['failed', 'expired', 'cancelled', 'missing']

/** What is sent again. */
export interface RetryOptions {
  /** Outcomes to buy again, also where they were or may have been billed; none for what was certainly not billed. */
  readonly statuses: readonly OutcomeStatus[]
}

/**
 * Gives requests back to be sent: by default those that ended without an answer and certainly without a bill; what may
 * have been billed only when its status is named. Returns how many; the run is open again when there are any.
 */
export async function reopen(store: RunStore, { statuses }: RetryOptions): Promise<number> {
  const count = await countReopened(store, statuses)
  const { state } = await store.record()
  if (count > 0 && isFinished(state)) await store.reopenRun()
  return count
}

async function countReopened(store: RunStore, statuses: readonly OutcomeStatus[]): Promise<number> {
  const any: readonly Billed[] = ['yes', 'no', 'unknown']
  if (statuses.length > 0) return await store.reopenRequests(statuses, any)
  return await store.reopenRequests(UNFINISHED, ['no'])
}
