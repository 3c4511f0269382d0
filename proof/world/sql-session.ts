import type { SqlValue } from '../../src/store/sql.ts'
import type { HaltingLife } from './halting-life.ts'

export type SqlValues = readonly SqlValue[]

/** Answer to a message: rows, or what became of several statements in one. */
export type SqlAnswer =
  | { readonly rows: readonly object[]; readonly rowCount: number }
  | readonly { readonly command: string }[]

/** A message as the driver of Postgres takes it. */
type SqlMessage = string | { readonly text: string; readonly values: SqlValues }

/** The server, as one session reaches it. */
interface SqlServer {
  carryOut(text: string, values: SqlValues): Promise<SqlAnswer>
  end(): void
}

/** A connection of a process to its database, with the verbs of a client of `pg` that the store uses. */
export class SqlSession {
  readonly life: HaltingLife
  readonly #server: SqlServer
  /** When the server heard of it last, on the true clock. */
  lastSignMs = Number.POSITIVE_INFINITY
  /** The statements of its transaction so far, and whether one of them takes a run over. */
  changes: string[] = []
  takesRun = false

  constructor(life: HaltingLife, server: SqlServer) {
    this.life = life
    this.#server = server
  }

  /** Three moments at which the process may be halted: before the message goes out, on its way, and before it is heard. */
  async query(message: SqlMessage, bound: SqlValues = []): Promise<SqlAnswer> {
    const { text, values } = typeof message === 'string' ? { text: message, values: bound } : message
    const step = stepOf(text)
    await (step === null ? this.life.travel() : this.life.pass(step))
    const answer = await this.#server.carryOut(text, values)
    await (step === null ? this.life.travel() : this.life.pass(`hear of the ${step}`))
    return answer
  }

  async end(): Promise<void> {
    this.#server.end()
  }
}

/** The name of a step that changes something; null for what only reads, or is undone where its transaction is. */
function stepOf(text: string): string | null {
  if (text.startsWith('begin')) return 'begin'
  if (text.includes('insert into commits')) return 'commit'
  if (text.includes('pg_try_advisory_lock')) return 'lock'
  return text.includes('pg_terminate_backend') ? 'takeover' : null
}
