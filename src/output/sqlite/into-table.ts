import { dirname } from 'node:path'
import type { Disk } from '../../lib/disk.ts'
import type { RowWriter } from '../row-writer.ts'
import { inDatabase, lookInto, sqlName, sqlText } from './database-file.ts'
import { type TableOptions, tableShape } from './table-columns.ts'
import { createTable, tableWriter } from './table-writer.ts'

/** A table of a database file. */
export interface TablePlace {
  readonly path: string
  readonly table: string
  readonly disk: Disk
}

/**
 * Hands a writer to `write` whose rows become a table of the database at a path. The table is made in a database of its own
 * beside it. Where there is none yet, that one is forced to disk and gets the name; a database that is there takes the
 * table over in one transaction, in place of one of this name, and keeps everything else. A reader sees the old table or
 * the new one, and so does the next one after a crash. When `write` throws, nothing has changed.
 */
export async function intoTable<Result>(
  place: TablePlace,
  options: TableOptions,
  write: (writer: RowWriter) => Promise<Result>,
): Promise<{ readonly result: Result; readonly bytes: number }> {
  const { disk, path } = place
  const fresh = `${path}.partial`
  try {
    // Made by the disk, so that others may read it as they may read any file of answers.
    await (await disk.open(fresh, 'share')).close()
    const result = await writeFresh(fresh, place, options, write)
    const bytes = (await disk.size(fresh)) ?? 0
    if ((await disk.size(path)) === undefined) await publish(fresh, place)
    else await takeOver(fresh, place, options)
    return { result, bytes }
  } catch (error) {
    await disk.remove(fresh)
    throw error
  }
}

async function writeFresh<Result>(
  fresh: string,
  { disk, path, table }: TablePlace,
  options: TableOptions,
  write: (writer: RowWriter) => Promise<Result>,
): Promise<Result> {
  // Databases can only be joined where both have the same encoding.
  const encoding = (await disk.size(path)) === undefined ? 'UTF-8' : (await lookInto(path, table)).encoding
  return await inDatabase(fresh, async (database) => {
    // Of a file without a name there is nothing to undo after a crash, and it is forced to disk when it is whole.
    database.exec(`pragma journal_mode = memory; pragma synchronous = off; pragma encoding = ${sqlText(encoding)}`)
    return await write(tableWriter(database, table, tableShape(options)))
  })
}

async function publish(fresh: string, { disk, path }: TablePlace): Promise<void> {
  const file = await disk.open(fresh, 'append')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(fresh, path)
  await disk.syncFolder(dirname(path))
}

async function takeOver(fresh: string, { disk, path, table }: TablePlace, options: TableOptions): Promise<void> {
  await inDatabase(path, (database) => {
    database.exec(`attach ${sqlText(fresh)} as fresh; pragma main.synchronous = full; begin immediate`)
    database.exec(`drop table if exists main.${sqlName(table)}; ${createTable(table, tableShape(options))}`)
    database.exec(`insert into main.${sqlName(table)} select * from fresh.${sqlName(table)}`)
    database.exec('commit')
  })
  await disk.remove(fresh)
}
