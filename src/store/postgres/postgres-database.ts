import { escapeLiteral, type PoolClient, type QueryResult } from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { Database, Sql, SqlValue } from '../sql.ts'
import { LostConnection, lostly, untilConnected } from './lost-connection.ts'
import type { Sessions } from './sessions.ts'

/** How long a database that was there is waited for, which may be starting again or moving to another machine. */
const MOST_LOST_MS = 5 * 60_000

/** Between two looks at a transaction whose commit the server may still be carrying out. */
const FATE_LOOK_MS = 100

/**
 * Postgres as the database of a home: any number of processes, whose writing transactions follow each other. Where the
 * connection is lost, the work is done again once the database is back, unless its commit is found to have happened.
 */
export class PostgresDatabase implements Database {
  readonly #sessions: Sessions
  readonly #clock: Clock
  readonly #begin: string

  constructor(sessions: Sessions, clock: Clock, schema: string) {
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
      const id = await begin(client, this.#begin)
      const result = await workOrRollBack(client, work)
      try {
        const { command } = await lostly(() => client.query('commit'))
        if (command !== 'COMMIT') throw new Error(`a transaction ended with ${command}, not with its commit`)
      } catch (error) {
        if (!(error instanceof LostConnection)) throw error
        if (!(await this.#untilConnected(() => this.#isCommitted(id)))) throw error
      }
      return result
    })
  }

  /** Looks up whether a transaction took place whose commit was not answered. */
  async #isCommitted(id: string): Promise<boolean> {
    for (;;) {
      const status = await this.#sessions.use(async (client) => {
        const { rows } = await lostly(() =>
          client.query<{ status: string | null }>('select pg_xact_status($1::xid8) as status', [id]),
        )
        return rows[0]?.status
      })
      if (status === 'committed' || status === 'aborted') return status === 'committed'
      if (status !== 'in progress') {
        throw new LlmBatchError('unreachable', `whether transaction ${id} was committed is not known any more`, {
          next: 'Run the same command again: it goes on from what the database holds.',
        })
      }
      await this.#clock.sleep(FATE_LOOK_MS)
    }
  }

  #untilConnected<Result>(work: () => Promise<Result>): Promise<Result> {
    return untilConnected(this.#clock, MOST_LOST_MS, work)
  }
}

/**
 * Begins a transaction that is carried out after every other one of the home, as in a folder, and asks for its number, by
 * which its fate can be looked up.
 */
const beginIn = (schema: string): string => `begin;
  select pg_advisory_xact_lock(hashtextextended(${escapeLiteral(`llm-batch writes to ${schema}`)}, 0));
  select pg_current_xact_id()::text as id`

async function begin(client: PoolClient, statements: string): Promise<string> {
  const answers = (await lostly(() => client.query(statements))) as unknown as readonly QueryResult<{ id: string }>[]
  const id = answers.at(-1)?.rows[0]?.id
  if (id === undefined) throw new Error('a transaction that was begun has no number')
  return id
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
