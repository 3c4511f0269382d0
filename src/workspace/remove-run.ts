import { LlmBatchError } from '../model/error.ts'
import { lockRun, type RunLock } from '../store/lock.ts'
import { runFolder } from '../store/run-folder.ts'
import type { Workspace } from './workspace.ts'

/** Removes runs whose preparing was cut short; nothing of them was ever sent. */
export async function removeDrafts(workspace: Workspace): Promise<void> {
  const { disk, home, store } = workspace
  for (const run of await store.listRuns()) {
    if (run.state !== 'preparing') continue
    try {
      const lock = await lockRun(disk, runFolder(home, run.id).lock, run.id)
      await removeRun(workspace, run.id, lock)
    } catch (error) {
      // Another process is preparing it just now.
      if (!LlmBatchError.isInstance(error) || error.code !== 'busy') throw error
    }
  }
}

/** Forgets a run with its folder and releases its lock. */
export async function removeRun({ disk, home, store }: Workspace, id: string, lock: RunLock): Promise<void> {
  await store.dropRun(id)
  lock.release()
  await disk.remove(runFolder(home, id).path)
}

/**
 * Removes a draft that something went wrong with, first what takes room: a full disk takes no deletion from the state
 * either. Never throws, because what went wrong before is what must be told; what is left, the next start removes.
 */
export async function removeFailedDraft(workspace: Workspace, id: string, lock: RunLock): Promise<void> {
  const { disk, home } = workspace
  const folder = runFolder(home, id)
  try {
    await disk.remove(folder.inputs)
    await disk.remove(folder.portion(1).rows)
    await removeRun(workspace, id, lock)
  } catch {
    lock.release()
  }
}
