import { DatabaseSync } from '@photostructure/sqlite'

/** One open database of the user's. */
export type Database = InstanceType<typeof DatabaseSync>

/** How long another program may hold the database. */
const BUSY_MS = 5_000

/**
 * Opens a file of the user's, or makes it, hands it to `work`, and closes it; what is not committed by then is undone. An
 * error of the engine is thrown as one of the file system, because it means the same for the answers: they are not in the
 * file. Rows of other tables that refer to ours are not touched.
 */
export async function inDatabase<Result>(
  path: string,
  work: (database: Database) => Promise<Result> | Result,
): Promise<Result> {
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: false })
    try {
      return await work(database)
    } finally {
      if (database.isTransaction) database.exec('rollback')
      database.close()
    }
  } catch (error) {
    throw asFileError(error, path)
  }
}

function asFileError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'errcode' in error)) return error
  return Object.assign(new Error(`SQLite says: ${error.message}`, { cause: error }), { syscall: 'write', path })
}

/** A name as SQL takes it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Text as SQL takes it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/**
 * The texts of a query of one column, without a prepared statement: one of those keeps its database open until it is
 * collected, with the files that SQLite has beside a database in use.
 */
function textsOf(database: Database, query: (value: (column: string) => string) => string): readonly string[] {
  const values: string[] = []
  database.function('tell_value', (value: string) => values.push(value))
  database.exec(query((column) => `tell_value(${column})`))
  return values
}

/** Facts of a database that answers are to go to. */
export interface DatabaseFacts {
  /** `table`, `view` or `index`; null where the name is free. */
  readonly kindOfName: string | null
  /** Such as `UTF-8`. */
  readonly encoding: string
}

/** Reads what a database has under a name, in upper or lower case. Throws where it cannot be written. */
export async function lookInto(path: string, name: string): Promise<DatabaseFacts> {
  return await inDatabase(path, (database) => {
    // Locks the file for a moment, which one that is read only does not allow.
    database.exec('begin immediate')
    const [kind = null] = textsOf(
      database,
      (value) => `select ${value('type')} from sqlite_schema where name = ${sqlText(name)} collate nocase`,
    )
    const [encoding] = textsOf(database, (value) => `select ${value('encoding')} from pragma_encoding`)
    return { kindOfName: kind, encoding: encoding ?? 'UTF-8' }
  })
}
