import { LlmBatchError } from '../model/error.ts'
import { type Connection, type OpenDatabase, openDatabase, withDiskCode } from './connection.ts'

/** A value that a statement takes or gives. JSON travels as text, instants as epoch milliseconds. */
export type SqlValue = string | number | null

/** SQLite before 3.51.3 can corrupt a WAL database that two connections write. */
const OLDEST_SAFE_VERSION = [3, 51, 3] as const

/** How long a statement waits for another process's transaction before it fails. */
const BUSY_TIMEOUT_MS = 10_000

type Statement = ReturnType<Connection['prepare']>

/**
 * A thin skin over one SQLite connection: prepared statements kept by their text, and transactions. Statements are
 * plain SQL; everything that only SQLite understands stands in this file.
 */
export class Driver {
  readonly #database: Connection
  readonly #statements = new Map<string, Statement>()

  /** Opens or makes the database file in WAL mode, every commit forced to disk. */
  constructor(path: string, open: OpenDatabase = openDatabase) {
    this.#database = open(path)
    try {
      this.#database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
      assertSafeVersion(this.get<{ version: string }>('select sqlite_version() as version')?.version ?? '0')
      this.#database.exec('pragma journal_mode = wal')
      this.#database.exec('pragma synchronous = full')
      this.#database.exec('pragma foreign_keys = on')
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** Runs a statement and returns how many rows it touched. */
  run(sql: string, ...values: readonly SqlValue[]): number {
    return this.#prepared(sql).run(...values).changes
  }

  /** The first row, or undefined. The caller names the columns it selected. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the statement knows its columns
  get<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined
  }

  /** All rows. The caller names the columns it selected. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the statement knows its columns
  all<Row>(sql: string, ...values: readonly SqlValue[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[]
  }

  /** Runs several statements that take no values. */
  script(sql: string): void {
    this.#database.exec(sql)
  }

  /** Runs `work` in one transaction, committed when it returns, rolled back when it throws. Never nested. */
  transaction<Result>(work: () => Result): Result {
    this.#database.exec('begin immediate')
    try {
      const result = work()
      this.#database.exec('commit')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback')
      throw withDiskCode(error)
    }
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function assertSafeVersion(version: string): void {
  const parts = version.split('.').map(Number)
  for (const [place, needed] of OLDEST_SAFE_VERSION.entries()) {
    const found = parts[place] ?? 0
    if (found > needed) return
    if (found < needed) {
      throw new LlmBatchError('configuration', `SQLite ${version} can corrupt its own log with two connections`, {
        next: 'Reinstall llm-batch so that its own SQLite (3.51.3 or newer) is used.',
      })
    }
  }
}
