import { DatabaseSync } from '@photostructure/sqlite'
import { systemDisk } from '../../src/lib/disk.ts'
import type { DatabaseDisk } from '../../src/store/folder/connection.ts'

/** The machine's disk without the waits for stable storage, its databases in memory: for thousands of small histories. */
export const swiftDisk: DatabaseDisk = {
  ...systemDisk,
  async open(path, mode) {
    const file = await systemDisk.open(path, mode)
    return { ...file, sync: () => Promise.resolve() }
  },
  syncFolder: () => Promise.resolve(),
  openDatabase: () => new DatabaseSync(':memory:'),
}
