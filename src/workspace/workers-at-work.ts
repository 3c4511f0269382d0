import type { WorkerRecord } from '../store/store.ts'
import type { Workspace } from './workspace.ts'

/** A worker that has not been seen for so long counts as dead. */
export const WORKER_DEAD_MS = 60_000

/** The workers that are at work in a home. */
export async function workersAtWork({
  clock,
  store,
}: Pick<Workspace, 'clock' | 'store'>): Promise<readonly WorkerRecord[]> {
  return await store.workers(clock.now() - WORKER_DEAD_MS)
}
