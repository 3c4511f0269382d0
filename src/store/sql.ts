/** A value that a statement takes or gives. JSON travels as text, instants as epoch milliseconds. */
export type SqlValue = string | number | null

/**
 * Statements on the catalog that SQLite and Postgres both carry out, with `?` for each value. What is true or false is 1
 * or 0, JSON is only stored and never looked into.
 */
export interface Sql {
  /** Runs a statement and returns how many rows it touched. */
  run(statement: string, ...values: readonly SqlValue[]): Promise<number>
  /** The first row, or undefined. The caller names the columns it selected. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the statement knows its columns
  get<Row>(statement: string, ...values: readonly SqlValue[]): Promise<Row | undefined>
  /** All rows. The caller names the columns it selected. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the statement knows its columns
  all<Row>(statement: string, ...values: readonly SqlValue[]): Promise<Row[]>
  /** Runs several statements that take no values. */
  script(statements: string): Promise<void>
}

/** Inserts one row into a table whose keys the database counts up, and returns its key. */
export async function insertKeyed(sql: Sql, statement: string, ...values: readonly SqlValue[]): Promise<number> {
  const made = await sql.get<{ key: number }>(`${statement} returning key`, ...values)
  if (!made) throw new Error('a row that was inserted has no key')
  return made.key
}

/**
 * The database of a home. `work` gets the statements it may use, and must await each of them; neither verb may be used
 * inside of `work`, which would wait for itself.
 */
export interface Database {
  /** Runs statements that read. */
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /** Runs statements in one transaction, committed when `work` is done, rolled back when it fails. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /** Waits for what was begun. */
  close(): Promise<void>
}
