import type { Clock } from '../../lib/clock.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { Database, Sql, SqlValue } from '../sql.ts'
import { type Connection, isBusy, type OpenDatabase, openDatabase, withDiskCode } from './connection.ts'

/** SQLite before 3.51.3 can corrupt a WAL database that two connections write. */
const OLDEST_SAFE_VERSION = [3, 51, 3] as const

/** How long another connection's transaction is waited for before work fails, and how often it is looked for. */
const BUSY_TIMEOUT_MS = 10_000
const BUSY_LOOK_MS = 5

type Statement = ReturnType<Connection['prepare']>

/**
 * One SQLite connection: prepared statements kept by their text, and work in turns, so that no statement of other work
 * gets into a transaction.
 */
export class SqliteDatabase implements Database {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #statements = new Map<string, Statement>()
  readonly #sql: Sql = {
    run: async (statement, ...values) => this.#prepared(statement).run(...values).changes,
    get: async <Row>(statement: string, ...values: SqlValue[]) =>
      this.#prepared(statement).get(...values) as Row | undefined,
    all: async <Row>(statement: string, ...values: SqlValue[]) => this.#prepared(statement).all(...values) as Row[],
    script: async (statements) => this.#connection.exec(statements),
  }
  #turn: Promise<unknown> = Promise.resolve()

  /** Opens or makes the database file in WAL mode, every commit forced to disk. */
  constructor(path: string, clock: Clock, open: OpenDatabase = openDatabase) {
    this.#clock = clock
    this.#connection = open(path)
    try {
      this.#connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
      assertSafeVersion(this.#version())
      this.#connection.exec('pragma journal_mode = wal')
      this.#connection.exec('pragma synchronous = full')
      this.#connection.exec('pragma foreign_keys = on')
    } catch (error) {
      this.#connection.close()
      throw error
    }
  }

  /**
   * The same, waiting for other processes: where two make the same new file a write-ahead database at one moment, SQLite
   * refuses one of them at once.
   */
  static async open(path: string, clock: Clock, open: OpenDatabase): Promise<SqliteDatabase> {
    for (const until = clock.monotonic() + BUSY_TIMEOUT_MS; ; ) {
      try {
        return new SqliteDatabase(path, clock, open)
      } catch (error) {
        if (!isBusy(error) || clock.monotonic() >= until) throw error
        await clock.sleep(BUSY_LOOK_MS)
      }
    }
  }

  async read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return await this.#inTurn(() => work(this.#sql))
  }

  async transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return await this.#inTurn(async () => {
      await this.#begin()
      try {
        const result = await work(this.#sql)
        this.#connection.exec('commit')
        return result
      } catch (error) {
        if (this.#connection.isTransaction) this.#connection.exec('rollback')
        throw withDiskCode(error)
      }
    })
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#statements.clear()
      this.#connection.close()
    })
  }

  /** Waits for a busy database without holding up this process, in which the other connection may be. */
  async #begin(): Promise<void> {
    const until = this.#clock.monotonic() + BUSY_TIMEOUT_MS
    while (!this.#beginsAtOnce(this.#clock.monotonic() >= until)) await this.#clock.sleep(BUSY_LOOK_MS)
  }

  #beginsAtOnce(isLastTry: boolean): boolean {
    this.#connection.exec('pragma busy_timeout = 0')
    try {
      this.#connection.exec('begin immediate')
      return true
    } catch (error) {
      if (isLastTry || !isBusy(error)) throw withDiskCode(error)
      return false
    } finally {
      this.#connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return await result
  }

  #prepared(text: string): Statement {
    let statement = this.#statements.get(text)
    if (!statement) {
      statement = this.#connection.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  #version(): string {
    const row = this.#connection.prepare('select sqlite_version() as version').get() as { version: string } | undefined
    return row?.version ?? '0'
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
