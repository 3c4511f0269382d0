import { escapeLiteral, type PoolClient, type QueryResult } from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { systemRandom } from '../../lib/random.ts'
import type { Database, Sql, SqlValue } from '../sql.ts'
import { LostConnection, lostly, untilConnected } from './lost-connection.ts'
import type { SessionSource } from './sessions.ts'

/** How long a database that was there is waited for, which may be starting again or moving to another machine. */
const MOST_LOST_MS = 5 * 60_000

/**
 * The last transaction of each session, which it names itself with its commit. The number that Postgres gives a transaction
 * would not do: a server that was killed may give it once more, to another one.
 */
export const COMMITS_TABLE = `
  create table commits (session text primary key, transaction bigint not null, at timestamptz not null)
`

/** How long a session's last transaction is kept, by the clock of the server: far longer than one looks for it. */
const COMMITS_KEPT = '1 day'

/**
 * Postgres as the database of a home: any number of processes, whose writing transactions follow each other. Where the
 * connection is lost, the work is done again once the database is back, unless its commit is found to have happened. Its
 * schema has the `commits` at the latest when the first transaction ends.
 */
export class PostgresDatabase implements Database {
  readonly #sessions: SessionSource
  readonly #clock: Clock
  readonly #begin: string
  readonly #last = new WeakMap<PoolClient, SessionTransaction>()

  constructor(sessions: SessionSource, clock: Clock, schema: string) {
    this.#sessions = sessions
    this.#clock = clock
    this.#begin = beginIn(schema)
  }

  async read<Result>(work: (sql: Sql) => Promise<Result>, mostLostMs = MOST_LOST_MS): Promise<Result> {
    return await untilConnected(this.#clock, mostLostMs, () =>
      this.#sessions.use((client) => work(statementsOf(client))),
    )
  }

  async transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return await this.#untilConnected(() => this.#tryTransaction(work))
  }

  async close(): Promise<void> {
    await this.#sessions.close()
  }

  async #tryTransaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return await this.#sessions.use(async (client) => {
      await lostly(() => client.query(this.#begin))
      const result = await workOrRollBack(client, work)
      const transaction = this.#nextOf(client)
      try {
        await workOrRollBack(client, () => commit(client, transaction))
      } catch (error) {
        if (!(error instanceof LostConnection)) throw error
        if (!(await this.#untilConnected(() => this.#isCommitted(transaction)))) throw error
      }
      return result
    })
  }

  #nextOf(client: PoolClient): SessionTransaction {
    const last = this.#last.get(client)
    const next = { session: last?.session ?? newSession(), number: (last?.number ?? 0) + 1 }
    this.#last.set(client, next)
    return next
  }

  /** Looks up whether a transaction took place whose commit was not answered: none of the home is under way meanwhile. */
  async #isCommitted({ session, number }: SessionTransaction): Promise<boolean> {
    return await this.#sessions.use(async (client) => {
      await lostly(() => client.query(this.#begin))
      const found = await workOrRollBack(client, (sql) =>
        sql.get<{ transaction: number }>('select transaction from commits where session = ?', session),
      )
      await lostly(() => client.query('rollback'))
      return found?.transaction === number
    })
  }

  #untilConnected<Result>(work: () => Promise<Result>): Promise<Result> {
    return untilConnected(this.#clock, MOST_LOST_MS, work)
  }
}

/** Transaction of a session, by the number that the session counts up. */
interface SessionTransaction {
  readonly session: string
  readonly number: number
}

function newSession(): string {
  return Buffer.from(systemRandom.bytes(16)).toString('hex')
}

/** Begins a transaction that is carried out after every other one of the home, as in a folder. */
const beginIn = (schema: string): string => `begin;
  select pg_advisory_xact_lock(hashtextextended(${escapeLiteral(`llm-batch writes to ${schema}`)}, 0))`

/** Commits, with the name of the transaction in one message. */
async function commit(client: PoolClient, { session, number }: SessionTransaction): Promise<void> {
  const forget = number === 1 ? `delete from commits where at < now() - interval '${COMMITS_KEPT}';` : ''
  const answers: unknown = await lostly(() =>
    client.query(`${forget}
      insert into commits (session, transaction, at) values (${escapeLiteral(session)}, ${number}, now())
      on conflict (session) do update set transaction = excluded.transaction, at = excluded.at;
      commit`),
  )
  const { command } = (answers as readonly QueryResult[]).at(-1) ?? {}
  if (command !== 'COMMIT') throw new Error(`a transaction ended with ${command}, not with its commit`)
}

async function workOrRollBack<Result>(client: PoolClient, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  try {
    return await work(statementsOf(client))
  } catch (error) {
    if (!(error instanceof LostConnection)) await lostly(() => client.query('rollback'))
    throw error
  }
}

function statementsOf(client: PoolClient): Sql {
  const ask = (statement: string, values: readonly SqlValue[]) =>
    lostly(() => client.query({ ...prepared(statement), values: [...values] }))
  return {
    run: async (statement, ...values) => (await ask(statement, values)).rowCount ?? 0,
    get: async <Row>(statement: string, ...values: readonly SqlValue[]) =>
      (await ask(statement, values)).rows[0] as Row | undefined,
    all: async <Row>(statement: string, ...values: readonly SqlValue[]) => (await ask(statement, values)).rows as Row[],
    script: async (statements) => void (await lostly(() => client.query(statements))),
  }
}

const PREPARED = new Map<string, { readonly name: string; readonly text: string }>()

/** The statement with the numbers by which Postgres knows its values, and the name under which a session keeps it. */
function prepared(statement: string): { readonly name: string; readonly text: string } {
  let known = PREPARED.get(statement)
  if (known === undefined) {
    let place = 0
    const text = statement.replaceAll('?', () => `$${(place += 1)}`)
    known = { name: `llm-batch-${PREPARED.size}`, text }
    PREPARED.set(statement, known)
  }
  return known
}
