import pLimit from 'p-limit'
import type { Client, PoolClient } from 'pg'
import type { Clock } from '../../src/lib/clock.ts'
import type { Connection } from '../../src/store/folder/connection.ts'
import { SqliteDatabase } from '../../src/store/folder/sqlite-database.ts'
import { LostConnection } from '../../src/store/postgres/lost-connection.ts'
import type { SessionSource } from '../../src/store/postgres/sessions.ts'
import { makeTables } from '../../src/store/schema.ts'
import type { HaltingLife } from './halting-life.ts'
import { immortal } from './life.ts'
import type { SimulatedDisk } from './simulated-disk.ts'
import { type SqlAnswer, SqlSession, type SqlValues } from './sql-session.ts'

/** Sessions that a process has for its statements, as the real pool has. */
const MOST_SESSIONS = 5

/** How long the server bears with a session that does nothing in a transaction, as the store tells it to. */
const MOST_IDLE_MS = 30_000

/** How long a process must have given no sign of life before its locks are taken away. */
const SILENT_MS = 60_000

/** News of the database of a home. */
export interface PostgresNews {
  /** A process has been refused because another one has taken the run over. */
  onRefused(): void
  /** The locks of a process that is silent were taken away. */
  onTakenOver(): void
  /** What must never happen: a process has changed the work of a run although another one has taken it over since. */
  onFenced(statement: string): void
  /** The same: the locks of a process were taken away that has shown life within the last minute. */
  onRobbed(): void
}

/** Changes of what only the writer of a run changes. */
const WRITERS_ONLY = /^\s*(?:(?:insert into|update|delete from) (?:attempts|batches|intents)\b|update runs set state\b)/

/**
 * Postgres, as far as the store of a home speaks to it: sessions that the server ends where their process dies or idles in a
 * transaction, advisory locks, and transactions that follow each other; below it lies real SQLite. It is for a home with one
 * run.
 */
export class SimulatedPostgres {
  readonly #clock: Clock
  readonly #news: PostgresNews
  /** Sees what was committed. */
  readonly #reading: Connection
  /** Carries out the one transaction that is under way. */
  readonly #writing: Connection
  readonly #sessions = new Set<SqlSession>()
  readonly #locks = new Map<string, SqlSession>()
  /** The last transaction of each session, as it names itself. */
  readonly #commits = new Map<string, number>()
  #inTransaction: { readonly session: SqlSession; readonly over: Promise<void>; readonly end: () => void } | undefined
  /** The process that has taken the run last, in the transactions that are committed. */
  #writer: HaltingLife | undefined

  private constructor(clock: Clock, news: PostgresNews, reading: Connection, writing: Connection) {
    this.#clock = clock
    this.#news = news
    this.#reading = reading
    this.#writing = writing
  }

  /** Starts a server whose database lies at this path, with the tables of a home in it. */
  static async start(disk: SimulatedDisk, path: string, clock: Clock, news: PostgresNews): Promise<SimulatedPostgres> {
    const open = (): Connection => disk.openDatabase(path, immortal())
    const home = new SqliteDatabase(path, clock, open)
    await home.transaction((sql) =>
      makeTables(sql, { countedKey: 'integer primary key', keyedTable: ' without rowid' }),
    )
    await home.close()
    const [reading, writing] = [open(), open()]
    for (const connection of [reading, writing]) connection.exec('pragma foreign_keys = on')
    return new SimulatedPostgres(clock, news, reading, writing)
  }

  /** The sessions of one process, which end with it. */
  sessionsOf(life: HaltingLife): SessionSource {
    const idle: SqlSession[] = []
    const inTurn = pLimit(MOST_SESSIONS)
    const connect = (): SqlSession => this.#connect(life)
    return {
      use: (work) =>
        inTurn(async () => {
          const session = idle.pop() ?? connect()
          try {
            const result = await work(session as unknown as PoolClient)
            idle.push(session)
            return result
          } catch (error) {
            if (error instanceof LostConnection) await session.end()
            else idle.push(session)
            throw error
          }
        }),
      open: async () => connect() as unknown as Client,
      close: async () => {
        for (const session of idle) await session.end()
      },
    }
  }

  #connect(life: HaltingLife): SqlSession {
    const session = new SqlSession(life, {
      carryOut: (text, values) => this.#carryOut(session, text, values),
      end: () => this.#end(session),
    })
    this.#sessions.add(session)
    void life.ended.then(() => this.#end(session))
    return session
  }

  /** Frees what a session held. */
  #end(session: SqlSession): void {
    if (!this.#sessions.delete(session)) return
    this.#rollBack(session)
    for (const [name, holder] of this.#locks) if (holder === session) this.#locks.delete(name)
  }

  async #carryOut(session: SqlSession, text: string, values: SqlValues): Promise<SqlAnswer> {
    this.#endWhereIdle(session)
    if (!this.#sessions.has(session)) throw new Error('Connection terminated unexpectedly')
    session.lastSignMs = this.#clock.now()
    const answer = await this.#answer(session, text, values)
    session.lastSignMs = this.#clock.now()
    return answer
  }

  async #answer(session: SqlSession, text: string, values: SqlValues): Promise<SqlAnswer> {
    if (text.startsWith('begin')) return await this.#begin(session)
    if (text === 'rollback') return this.#refuse(session)
    if (text.includes('insert into commits')) return this.#commit(session, text)
    if (text.includes('from commits')) return rowsOf(this.#lastOf(String(values[0])))
    if (text.includes('clock_timestamp()) * 1000')) return rowsOf({ now: this.#clock.now() })
    if (text.includes('pg_try_advisory_lock')) return rowsOf({ taken: this.#tryLock(session, String(values[0])) })
    if (text.includes('pg_advisory_unlock')) return this.#unlock(session, String(values[0]))
    if (text.includes('pg_terminate_backend')) return this.#terminate(text, values)
    if (text.includes('pg_locks')) return rowsOf(...this.#holdersOf(text, values))
    return this.#statement(session, text, values)
  }

  async #begin(session: SqlSession): Promise<SqlAnswer> {
    while (this.#inTransaction !== undefined) {
      const { over, session: holder } = this.#inTransaction
      const isOver = new AbortController()
      const idle = this.#clock.sleep(holder.lastSignMs + MOST_IDLE_MS - this.#clock.now(), isOver.signal)
      await Promise.race([over, idle])
      isOver.abort()
      this.#endWhereIdle(holder)
    }
    if (!this.#sessions.has(session)) throw new Error('Connection terminated unexpectedly')
    let end: () => void = () => undefined
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#inTransaction = { session, over, end }
    session.changes = []
    session.takesRun = false
    this.#writing.exec('begin immediate')
    return rowsOf()
  }

  /** A session that was halted in a transaction must not hold up the others. */
  #endWhereIdle(session: SqlSession): void {
    const isIdle = this.#clock.now() - session.lastSignMs >= MOST_IDLE_MS
    if (isIdle && this.#inTransaction?.session === session) this.#end(session)
  }

  /** True for a process from which another one has taken the run over. */
  isFenced(life: HaltingLife): boolean {
    return this.#writer !== undefined && this.#writer !== life
  }

  /** The store rolls back where the number of the writer is not its own. */
  #refuse(session: SqlSession): SqlAnswer {
    const hasLooked = session.changes.some((statement) => statement.startsWith('select writer'))
    if (hasLooked && !session.takesRun && this.isFenced(session.life)) this.#news.onRefused()
    return this.#rollBack(session)
  }

  #rollBack(session: SqlSession): SqlAnswer {
    if (this.#inTransaction?.session === session) {
      this.#writing.exec('rollback')
      this.#leave()
    }
    return rowsOf()
  }

  /** Carries out what the store sends as one message: the name of the transaction, and its commit. */
  #commit(session: SqlSession, text: string): SqlAnswer {
    const [, name = '', number] = /values \(\s*'([^']+)', (\d+)/.exec(text) ?? []
    if (this.#inTransaction?.session !== session) throw new Error('a commit outside of a transaction')
    const { life } = session
    if (session.takesRun) this.#writer = life
    const [fenced] = session.changes.filter((change) => WRITERS_ONLY.test(change))
    if (fenced !== undefined && this.isFenced(life)) this.#news.onFenced(fenced)
    this.#writing.exec('commit')
    this.#commits.set(name, Number(number))
    this.#leave()
    return [{ command: 'COMMIT' }]
  }

  #leave(): void {
    const { end } = this.#inTransaction ?? {}
    this.#inTransaction = undefined
    end?.()
  }

  #lastOf(session: string): object {
    return { transaction: this.#commits.get(session) ?? null }
  }

  #tryLock(session: SqlSession, name: string): boolean {
    const holder = this.#locks.get(name) ?? session
    if (holder === session) this.#locks.set(name, session)
    return holder === session
  }

  #unlock(session: SqlSession, name: string): SqlAnswer {
    if (this.#locks.get(name) === session) this.#locks.delete(name)
    return rowsOf()
  }

  #terminate(text: string, values: SqlValues): SqlAnswer {
    const holders = this.#holdersOf(text, values)
    for (const holder of holders) {
      if (this.#silenceOf(holder) < SILENT_MS) this.#news.onRobbed()
      else this.#news.onTakenOver()
      this.#end(holder)
    }
    return rowsOf(...holders)
  }

  /** The sessions that hold a lock, of those that are silent, or not, where the statement asks for that. */
  #holdersOf(text: string, [name, silentMs]: SqlValues): readonly SqlSession[] {
    const holder = this.#locks.get(String(name))
    if (holder === undefined) return []
    const isSilent = this.#silenceOf(holder) > Number(silentMs)
    const isWanted = /not coalesce\(/.test(text) ? !isSilent : isSilent || !text.includes('state_change')
    return isWanted ? [holder] : []
  }

  #silenceOf({ lastSignMs }: SqlSession): number {
    return this.#clock.now() - lastSignMs
  }

  #statement(session: SqlSession, text: string, values: SqlValues): SqlAnswer {
    const isInTransaction = this.#inTransaction?.session === session
    if (isInTransaction) {
      session.changes.push(text)
      if (text.startsWith('update runs set writer')) session.takesRun = true
    }
    const statement = (isInTransaction ? this.#writing : this.#reading).prepare(text.replaceAll(/\$\d+/g, '?'))
    if (/^\s*(?:select|with)|returning/i.test(text)) return rowsOf(...(statement.all(...values) as object[]))
    return { rows: [], rowCount: statement.run(...values).changes }
  }
}

function rowsOf(...rows: readonly object[]): SqlAnswer {
  return { rows, rowCount: rows.length }
}
