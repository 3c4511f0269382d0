import { dirname } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { LlmBatchError } from '../model/error.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import { databaseOn, isBusy, unlessUnreadable } from './connection.ts'

/** The right to be the only writer of a run, until it is released or the process dies. */
export interface RunLock {
  /** May be repeated. */
  release(): void
}

/** How long a lock is waited for, because another process may be looking at it for an instant: see `isRunLocked`. */
const GLANCE_MS = 50

/** What to do about a lock file that is not a database. */
const LOCK_ADVICE = 'It holds nothing that is needed: remove it, and run the same command again.'

/**
 * Takes a run's lock: an exclusive transaction on a database of its own, which the kernel frees on SIGKILL and which
 * survives a sleeping laptop. Node has no portable flock. Throws `busy` when another process holds it.
 */
export async function lockRun(disk: Disk, path: string, runId: string): Promise<RunLock> {
  // A power loss may have left the run's record without the folder of a draft.
  await disk.makeFolder(dirname(path))
  await makePrivateFile(disk, path)
  const database = databaseOn(disk)(path)
  try {
    database.exec(`pragma busy_timeout = ${GLANCE_MS}`)
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw unlessUnreadable(error, path, LOCK_ADVICE)
    throw new LlmBatchError('busy', `another process is working on run ${runId}`, {
      next: `Wait for it, stop it, or watch it with: ${commandLine('status', runId, mention('watch'))}`,
      cause: error,
    })
  }
  return {
    release: () => {
      if (database.isOpen) database.close()
    },
  }
}

/** True while a process holds a run's lock. Makes nothing, and holds the lock for no longer than one read. */
export async function isRunLocked(disk: Disk, path: string): Promise<boolean> {
  if ((await disk.size(path)) === undefined) return false
  const database = databaseOn(disk)(path)
  try {
    database.exec('pragma busy_timeout = 0')
    database.exec('select 1 from sqlite_schema')
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw unlessUnreadable(error, path, LOCK_ADVICE)
  } finally {
    database.close()
  }
}

/**
 * Makes a file that only its owner may read, before SQLite makes it with the process's own mask. A file that is there is
 * not opened: by POSIX, closing it would free every lock that this process holds on it.
 */
export async function makePrivateFile(disk: Disk, path: string): Promise<void> {
  if ((await disk.size(path)) !== undefined) return
  const file = await disk.open(path, 'append')
  await file.close()
}
