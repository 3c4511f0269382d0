import { LlmBatchError } from '../model/error.ts'
import type { Lock } from '../store/store.ts'
import type { Workspace } from './workspace.ts'

/** Removes runs whose preparing was cut short; nothing of them was ever sent. */
export async function removeDrafts(workspace: Workspace): Promise<void> {
  const { store } = workspace
  for (const run of await store.listRuns()) {
    if (run.state !== 'preparing') continue
    try {
      const lock = await store.lockRun(run.id)
      await removeRun(workspace, run.id, lock)
    } catch (error) {
      // Another process is preparing it just now.
      if (!LlmBatchError.isInstance(error) || error.code !== 'busy') throw error
    }
  }
}

/** Forgets a run with its folder and releases its lock. */
export async function removeRun({ disk, folderOf, store }: Workspace, id: string, lock: Lock): Promise<void> {
  await store.dropRun(id)
  lock.release()
  await disk.remove(folderOf(id).path)
}

/**
 * Removes a draft that something went wrong with, first what takes room: a full disk takes no deletion from the state
 * either. Never throws, because what went wrong before is what must be told; what is left, the next start removes.
 */
export async function removeFailedDraft(workspace: Workspace, id: string, lock: Lock): Promise<void> {
  const { disk } = workspace
  const folder = workspace.folderOf(id)
  try {
    await disk.remove(folder.inputs)
    await disk.remove(folder.portion(1).rows)
    await removeRun(workspace, id, lock)
  } catch {
    lock.release()
  }
}
