import { dirname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import { databaseOn, unlessUnreadable } from './connection.ts'

/** The right to be the only writer of a run, until it is released or the process dies. */
export interface RunLock {
  /** May be repeated. */
  release(): void
}

/**
 * Takes a run's lock: an exclusive transaction on a database of its own, which the kernel frees on SIGKILL and which
 * survives a sleeping laptop. Node has no portable flock. Throws `busy` at once when another process holds it.
 */
export async function lockRun(disk: Disk, path: string, runId: string): Promise<RunLock> {
  // A power loss may have left the run's record without the folder of a draft.
  await disk.makeFolder(dirname(path))
  await makePrivateFile(disk, path)
  const database = databaseOn(disk)(path)
  try {
    database.exec('pragma busy_timeout = 0')
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw unlessUnreadable(error, path, 'It holds nothing that is needed: remove it, and go on.')
    throw new LlmBatchError('busy', `another llm-batch is working on run ${runId}`, {
      next: `Wait for it, stop it, or watch it with: llm-batch status ${runId} --watch`,
      cause: error,
    })
  }
  return {
    release: () => {
      if (database.isOpen) database.close()
    },
  }
}

/** Makes a file that only its owner may read, before SQLite makes it with the process's own mask. */
export async function makePrivateFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, 'append')
  await file.close()
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is locked|SQLITE_BUSY/.test(error.message)
}
