import type { Clock } from '../../lib/clock.ts'
import type { Disk } from '../../lib/disk.ts'
import { commandLine, mention } from '../../model/options/mention.ts'
import { createStore } from '../catalog-store.ts'
import { statePath } from '../run-folder.ts'
import { assertOurs, makeTables, type TableWords } from '../schema.ts'
import type { Sql } from '../sql.ts'
import type { Store } from '../store.ts'
import { databaseOn, unlessUnreadable } from './connection.ts'
import { FolderLocks, makePrivateFile } from './locks.ts'
import { SqliteDatabase } from './sqlite-database.ts'

const WORDS: TableWords = { countedKey: 'integer primary key', keyedTable: ' without rowid' }

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
    ...createStore({ database: await openState(path, disk, clock), clock, mayLoseLocks: false }),
    lockRun: (id) => locks.lockRun(id),
    isRunLocked: (id) => locks.isRunLocked(id),
    lockStarts: (id) => locks.lockStarts(id),
  }
}

/** The state brought up to date. Throws `disk` where the file holds something else. */
async function openState(path: string, disk: Disk, clock: Clock): Promise<SqliteDatabase> {
  let database: SqliteDatabase | undefined
  try {
    database = await SqliteDatabase.open(path, clock, databaseOn(disk))
    await database.transaction((sql) => prepareTables(sql, path))
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

/** Makes the tables of a new home; two processes may do it at once. Throws as `assertOurs`. */
async function prepareTables(sql: Sql, path: string): Promise<void> {
  const tables = await sql.all<{ name: string }>("select name from sqlite_master where type = 'table'")
  if (tables.length === 0) await makeTables(sql, WORDS)
  else
    await assertOurs(
      sql,
      new Set(tables.map(({ name }) => name)),
      path,
      `Move it away, or name another folder with ${mention('home')}.`,
    )
}
