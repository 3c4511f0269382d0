import { hash } from 'node:crypto'
import type { PreparedRow } from '../batching/prepared-row.ts'
import { DigestTable, digestOf } from '../lib/packed/digest-table.ts'
import { rowsIn } from '../log/portions.ts'
import type { LogPorts } from '../log/ports.ts'
import { RowFactsReader } from '../log/row-facts.ts'
import { targetKey } from '../model/target.ts'
import type { PortionRecord } from '../store/port/run.ts'

/** Rows whose facts are read together. */
const PAGE_ROWS = 1_000

/** Knowledge of a row that is to be appended: none, the very same row, or another one under its id. */
export type Acquaintance = { readonly is: 'new' | 'there' } | { readonly is: 'taken'; readonly row: number }

/** The rows of an open run, by their ids and by what they ask; under a hundred bytes each. */
export class KnownRows {
  /** Places of rows by their ids, from 1. */
  readonly #ids = new DigestTable()
  readonly #contents = new DigestTable()
  #count = 0

  /** Those that are in the run already. */
  static async read(ports: LogPorts, portions: readonly PortionRecord[]): Promise<KnownRows> {
    const known = new KnownRows()
    const facts = new RowFactsReader(ports, portions)
    try {
      for (let left = rowsIn(portions); left > 0; left -= PAGE_ROWS) {
        for (const { content, id } of await facts.take(Math.min(PAGE_ROWS, left))) known.#add(id, content ?? '')
      }
    } finally {
      await facts.close()
    }
    return known
  }

  get count(): number {
    return this.#count
  }

  /** Tells whether the run has the row, and counts it as one of the run where it is new. */
  meet({ id, problems }: PreparedRow, content: string): Acquaintance {
    if (this.#contents.get(contentKey(id, content)) !== undefined) return { is: 'there' }
    const row = id === null ? undefined : this.#ids.get(digestOf(id))
    // What cannot be sent is told by its own problem.
    if (row !== undefined && problems.length === 0) return { is: 'taken', row }
    this.#add(id, content)
    return { is: 'new' }
  }

  #add(id: string | null, content: string): void {
    this.#count += 1
    this.#contents.set(contentKey(id, content), this.#count)
    if (id !== null) this.#ids.set(digestOf(id), this.#count)
  }
}

/** What tells a row from others under the same id: its columns, and its request as it would be sent. */
export function rowContent({ json, request }: PreparedRow): string {
  const asked = request ? `${targetKey(request.target)} ${request.body}` : ''
  return hash('sha256', `${json}\n${asked}`, 'base64url')
}

function contentKey(id: string | null, content: string): string {
  return digestOf(JSON.stringify([id, content]))
}
