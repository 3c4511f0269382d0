import { DatabaseSync } from '@photostructure/sqlite'
import type { Disk } from '../lib/disk.ts'

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
