import type { Clock } from '../../lib/clock.ts'
import type { Disk } from '../../lib/disk.ts'
import { commandLine } from '../../model/options/mention.ts'
import { createStore } from '../catalog-store.ts'
import { statePath } from '../run-folder.ts'
import { prepareSchema } from '../schema.ts'
import type { Store } from '../store.ts'
import { databaseOn, unlessUnreadable } from './connection.ts'
import { FolderLocks, makePrivateFile } from './locks.ts'
import { SqliteDatabase } from './sqlite-database.ts'

/** Opens the state of a home that is a folder, making it where needed. The folder must exist. */
export async function openFolderStore(options: {
  readonly home: string
  readonly disk: Disk
  readonly clock: Clock
}): Promise<Store> {
  const { clock, disk, home } = options
  const path = statePath(home)
  await makePrivateFile(disk, path)
  const locks = new FolderLocks(disk, home)
  return {
    ...createStore(await openState(path, disk, clock), clock),
    lockRun: (id) => locks.lockRun(id),
    isRunLocked: (id) => locks.isRunLocked(id),
    lockStarts: (id) => locks.lockStarts(id),
  }
}

/** The state brought up to date. Throws `disk` where the file holds something else. */
async function openState(path: string, disk: Disk, clock: Clock): Promise<SqliteDatabase> {
  let database: SqliteDatabase | undefined
  try {
    database = new SqliteDatabase(path, clock, databaseOn(disk))
    await prepareSchema(database, path)
    return database
  } catch (error) {
    await database?.close()
    throw unlessUnreadable(
      error,
      path,
      `Restore it from a backup, or move it away: ${commandLine('remote', 'adopt')} takes over what was sent from this home.`,
    )
  }
}
