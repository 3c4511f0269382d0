import { dirname, join } from 'node:path'
import type { Disk } from '../../lib/disk.ts'
import { busyRun } from '../busy-run.ts'
import { runFolder } from '../run-folder.ts'
import type { Lock, Locks } from '../store.ts'
import { databaseOn, isBusy, unlessUnreadable } from './connection.ts'

/** How long a lock is waited for, because another process may be looking at it for an instant: see `isRunLocked`. */
const GLANCE_MS = 50

/** What to do about a lock file that is not a database. */
const LOCK_ADVICE = 'It holds nothing that is needed: remove it, and run the same command again.'

/**
 * Locks of a home in a folder: an exclusive transaction on a database of its own for each, which the kernel frees on
 * SIGKILL and which survives a sleeping laptop. Node has no portable flock.
 */
export class FolderLocks implements Locks {
  readonly #disk: Disk
  readonly #home: string

  constructor(disk: Disk, home: string) {
    this.#disk = disk
    this.#home = home
  }

  async lockRun(id: string): Promise<Lock> {
    const path = this.#pathOf(id)
    // A power loss may have left the run's record without the folder of a draft.
    await this.#disk.makeFolder(dirname(path))
    return await this.#take(path, id)
  }

  async lockStarts(id: string): Promise<Lock> {
    return await this.#take(join(this.#home, 'start-lock.db'), id)
  }

  async isRunLocked(id: string): Promise<boolean> {
    const path = this.#pathOf(id)
    if ((await this.#disk.size(path)) === undefined) return false
    const database = databaseOn(this.#disk)(path)
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

  async #take(path: string, runId: string): Promise<Lock> {
    await makePrivateFile(this.#disk, path)
    const database = databaseOn(this.#disk)(path)
    try {
      database.exec(`pragma busy_timeout = ${GLANCE_MS}`)
      database.exec('begin exclusive')
    } catch (error) {
      database.close()
      if (!isBusy(error)) throw unlessUnreadable(error, path, LOCK_ADVICE)
      throw busyRun(runId, error)
    }
    return {
      release: () => {
        if (database.isOpen) database.close()
      },
    }
  }

  #pathOf(id: string): string {
    return runFolder(this.#home, id).lock
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
