import { Client, escapeIdentifier, Pool, type PoolClient, type PoolConfig, TypeOverrides } from 'pg'
import { LostConnection, lostly } from './lost-connection.ts'

/** Place of the tables of a home: a database, and a schema in it. */
export interface PostgresPlace {
  /** As Postgres takes it, without parameters of ours. */
  readonly url: string
  readonly schema: string
}

/** Connections for statements. Writing transactions follow each other, so that more would only wait. */
const MOST_CONNECTIONS = 5

/** After this long without an answer, a connection counts as lost. */
const CONNECT_TIMEOUT_MS = 10_000
const QUERY_TIMEOUT_MS = 60_000

/** Types whose values come as text, because JavaScript's numbers do not hold all of them: bigint, numeric. They hold ours. */
const NUMBERS = [20, 1700]

const types = new TypeOverrides()
for (const type of NUMBERS) types.setTypeParser(type, Number)

/**
 * What holds for a session: where its tables are, and after how long the server gives up a process that is halted or whose
 * machine is gone, so that it holds up no other.
 */
const settingsIn = (schema: string): string => `
  set search_path to ${quoted(schema)};
  set idle_in_transaction_session_timeout = '30s';
  set lock_timeout = '50s';
  set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3`

/** A name as a part of a statement. */
export function quoted(name: string): string {
  return escapeIdentifier(name)
}

/** The verbs of sessions that the store needs. */
export type SessionSource = Pick<Sessions, 'close' | 'open' | 'use'>

/** Sessions of one process at the database of a home, each set up before its first use. */
export class Sessions {
  readonly #options: PoolConfig
  readonly #settings: string
  readonly #pool: Pool
  readonly #ready = new WeakSet<PoolClient>()

  /** Connects when a session is first asked for. */
  constructor({ schema, url }: PostgresPlace) {
    this.#settings = settingsIn(schema)
    this.#options = {
      connectionString: url,
      application_name: 'llm-batch',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      types,
    }
    this.#pool = new Pool({ ...this.#options, max: MOST_CONNECTIONS })
    // An idle connection that is lost is replaced when the next one is asked for.
    this.#pool.on('error', () => undefined)
  }

  /** Works with a session of the pool, which is given up where a connection failed. Throws `LostConnection`. */
  async use<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await lostly(() => this.#pool.connect())
    let isLost = false
    try {
      if (!this.#ready.has(client)) await this.#prepare(client)
      return await work(client)
    } catch (error) {
      isLost = error instanceof LostConnection
      throw error
    } finally {
      client.release(isLost)
    }
  }

  /** A session of its own, which its caller ends. Throws `LostConnection`. */
  async open(): Promise<Client> {
    const client = new Client(this.#options)
    // Its next statement tells of it.
    client.on('error', () => undefined)
    await lostly(async () => {
      await client.connect()
      await client.query(this.#settings)
    })
    return client
  }

  async #prepare(client: PoolClient): Promise<void> {
    // While it is in use, its next statement tells of its loss.
    client.on('error', () => undefined)
    await lostly(() => client.query(this.#settings))
    this.#ready.add(client)
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
