import pLimit from 'p-limit'
import type { Client } from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { busyRun } from '../busy-run.ts'
import type { Lock, Locks } from '../store.ts'
import { lostly, untilConnected } from './lost-connection.ts'
import type { SessionSource } from './sessions.ts'

/** Signs of life of a process that holds locks. */
export interface SignsOfLife {
  /** How often it gives one. */
  readonly beatMs: number
  /** A process without one for so long is halted or cut off: its locks are taken by the process that wants them. */
  readonly silentMs: number
}

const SIGNS_OF_LIFE: SignsOfLife = { beatMs: 10_000, silentMs: 60_000 }

/** How long the end of a silent session is waited for, and how often it is looked for. */
const ENDING_MS = 5_000
const ENDING_LOOK_MS = 50

/** Locks of sessions with this name. Takes the name as its value. */
const HELD = `from pg_locks l join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended($1, 0)`

/** Takes the milliseconds of silence as its second value. Of another user's session nothing is told: it counts as alive. */
const IS_SILENT = "coalesce(a.state_change < clock_timestamp() - $2 * interval '1 millisecond', false)"

/** How long a lost database is waited for by who asks for a lock. */
const MOST_LOST_MS = 30_000

/**
 * Locks of a home in Postgres: advisory locks of one session of this process, which the server frees when the process dies.
 * The session of a process that shows no life is ended by the one that wants its lock; what the first one writes when it
 * wakes up is refused by its number as a writer.
 */
export class PostgresLocks implements Locks {
  readonly #sessions: SessionSource
  readonly #clock: Clock
  readonly #prefix: string
  readonly #life: SignsOfLife
  /** The session that each lock was taken in. */
  readonly #held = new Map<string, Client | null>()
  readonly #closing = new AbortController()
  #session: Promise<Client> | undefined
  #beating: Promise<void> | undefined
  /** A session carries out one statement after the other. */
  readonly #inTurn = pLimit(1)

  constructor(sessions: SessionSource, clock: Clock, schema: string, life = SIGNS_OF_LIFE) {
    this.#sessions = sessions
    this.#clock = clock
    this.#prefix = `llm-batch ${schema}`
    this.#life = life
  }

  lockRun(id: string): Promise<Lock> {
    return this.#take(this.#nameOf(id), id)
  }

  lockStarts(id: string): Promise<Lock> {
    return this.#take(`${this.#prefix} starts`, id)
  }

  async isRunLocked(id: string): Promise<boolean> {
    return await this.#untilConnected(() =>
      this.#sessions.use(async (client) => {
        const { rows } = await lostly(() =>
          client.query(`select 1 ${HELD} and not ${IS_SILENT}`, [this.#nameOf(id), this.#life.silentMs]),
        )
        return rows.length > 0
      }),
    )
  }

  /** Ends the session, and with it every lock that is left. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#beating
    await this.#inTurn(async () => (await this.#lastSession())?.end().catch(() => undefined))
  }

  async #take(name: string, runId: string): Promise<Lock> {
    // A session may take its own lock once more, which other work of this process must not.
    if (this.#held.has(name)) throw busyRun(runId)
    this.#held.set(name, null)
    try {
      const isTaken = await this.#inTurn(() =>
        this.#untilConnected(async () => {
          const session = await this.#ownSession()
          return (await this.#tryLock(session, name)) || (await this.#takeFromSilent(session, name))
        }),
      )
      if (!isTaken) throw busyRun(runId)
    } catch (error) {
      this.#held.delete(name)
      throw error
    }
    return { release: () => this.#release(name) }
  }

  #release(name: string): void {
    if (!this.#held.delete(name)) return
    void this.#inTurn(async () => {
      const session = await this.#lastSession()
      // A session that is lost holds no lock any more.
      await session?.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => undefined)
    })
  }

  /** The session that there is; undefined where it never was, or is lost. */
  async #lastSession(): Promise<Client | undefined> {
    return await this.#session?.catch(() => undefined)
  }

  async #tryLock(session: Client, name: string): Promise<boolean> {
    const { rows } = await lostly(() =>
      session.query<{ taken: boolean }>('select pg_try_advisory_lock(hashtextextended($1, 0)) as taken', [name]),
    )
    if (rows[0]?.taken !== true) return false
    this.#held.set(name, session)
    return true
  }

  /** True where the session that held the lock had gone silent, was ended, and this one has the lock now. */
  async #takeFromSilent(session: Client, name: string): Promise<boolean> {
    const { rowCount } = await lostly(() =>
      session.query(`select pg_terminate_backend(l.pid) ${HELD} and ${IS_SILENT}`, [name, this.#life.silentMs]),
    )
    if (rowCount === 0) return false
    const until = this.#clock.monotonic() + ENDING_MS
    while (this.#clock.monotonic() < until) {
      if (await this.#tryLock(session, name)) return true
      await this.#clock.sleep(ENDING_LOOK_MS)
    }
    return false
  }

  /** The session of the locks; a new one where the last one was lost. */
  async #ownSession(): Promise<Client> {
    this.#session ??= this.#sessions.open()
    this.#beating ??= this.#beat()
    try {
      const session = await this.#session
      await lostly(() => session.query('select 1'))
      return session
    } catch (error) {
      this.#session = undefined
      throw error
    }
  }

  /**
   * Shows that this process is alive, and takes its locks again where their session was lost. A lock that another process
   * has by now stays with that one, which has become the writer.
   */
  async #beat(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      await this.#clock.sleep(this.#life.beatMs, signal)
      if (signal.aborted) return
      // Where the database is away, the next beat tries again; until then no process can take a lock.
      await this.#inTurn(() => this.#retake()).catch(() => undefined)
    }
  }

  async #retake(): Promise<void> {
    const session = await this.#ownSession()
    const lost = [...this.#held].filter(([, takenIn]) => takenIn !== null && takenIn !== session)
    for (const [name] of lost) if (this.#held.has(name)) await this.#tryLock(session, name)
  }

  #nameOf(runId: string): string {
    return `${this.#prefix} run ${runId}`
  }

  #untilConnected<Result>(work: () => Promise<Result>): Promise<Result> {
    return untilConnected(this.#clock, MOST_LOST_MS, work)
  }
}
