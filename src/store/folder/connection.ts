import { constants } from 'node:os'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Disk } from '../../lib/disk.ts'
import { LlmBatchError } from '../../model/error.ts'

/** One open database file. */
export type Connection = InstanceType<typeof DatabaseSync>

/** Opens or makes a database file. */
export type OpenDatabase = (path: string) => Connection

/** A disk that brings its database engine with it: a simulation that loses power must lose it for both at once. */
export interface DatabaseDisk extends Disk {
  readonly openDatabase: OpenDatabase
}

/** How databases on this disk are opened: SQLite itself, unless the disk knows better. */
export function databaseOn(disk: Disk): OpenDatabase {
  return 'openDatabase' in disk ? (disk as DatabaseDisk).openDatabase : openDatabase
}

/** SQLite on the machine's own file system. */
export function openDatabase(path: string): Connection {
  return new DatabaseSync(path)
}

/** SQLite's result codes for a full database and for a failed read or write (SQLITE_FULL, SQLITE_IOERR). */
const FULL = 13
const IO_ERROR = 10

/** SQLite's result codes for a damaged file and for one that never was a database (SQLITE_CORRUPT, SQLITE_NOTADB). */
const CORRUPT = 11
const NOT_A_DATABASE = 26

/** What an unusable database file means for the user, and what to do next; any other error as `withDiskCode`. */
export function unlessUnreadable(error: unknown, path: string, next: string): unknown {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  if (code !== CORRUPT && code !== NOT_A_DATABASE) return withDiskCode(error)
  const what = code === CORRUPT ? 'is a damaged database' : 'is not a database'
  return new LlmBatchError('disk', `${path} ${what}`, { next, cause: error })
}

/** SQLite's error of a full disk, with the code that the file system uses for it; any other error as it is. */
export function withDiskCode(error: unknown): unknown {
  if (!(error instanceof Error && 'errcode' in error)) return error
  if (error.errcode !== FULL && error.errcode !== IO_ERROR) return error
  const isFull = error.errcode === FULL || ('systemErrno' in error && error.systemErrno === constants.errno.ENOSPC)
  const code = isFull ? 'ENOSPC' : 'EIO'
  return Object.assign(new Error(`${code}: ${error.message}`, { cause: error }), { code })
}

/** True for SQLite's refusal because another connection holds a lock. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is locked|SQLITE_BUSY/.test(error.message)
}
