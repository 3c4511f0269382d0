import { LlmBatchError } from '../model/error.ts'
import type { Lock } from '../store/store.ts'
import type { Workspace } from './workspace.ts'

/** Between two tries to be the one who starts; what is done under the lock takes milliseconds. */
const RETRY_MS = 20

/** Long enough for many starts at once, and short enough that a process that was halted is noticed. */
const MOST_WAIT_MS = 30_000

/**
 * Does the work while no other process of this home does such: comparing a new run with those that are here and
 * sealing it, so that two starts of the same work at the same moment are one run. Throws `busy` where another start
 * does not end.
 */
export async function whileNoOtherStarts<Result>(
  workspace: Pick<Workspace, 'clock' | 'store'>,
  runId: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = await waitForLock(workspace, runId)
  try {
    return await work()
  } finally {
    lock.release()
  }
}

async function waitForLock({ clock, store }: Pick<Workspace, 'clock' | 'store'>, runId: string): Promise<Lock> {
  const startedAt = clock.monotonic()
  for (;;) {
    try {
      return await store.lockStarts(runId)
    } catch (error) {
      const isBusy = LlmBatchError.isInstance(error) && error.code === 'busy'
      if (!isBusy || clock.monotonic() - startedAt > MOST_WAIT_MS) throw error
      await clock.sleep(RETRY_MS)
    }
  }
}
