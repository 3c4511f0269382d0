import { type Line, splitLines } from '../lib/jsonl.ts'
import type { LogPorts } from './ports.ts'

/** Read at once; the lines of a piece live together. */
const PIECE_BYTES = 128 * 1024

/** Rows handed on together. */
const PAGE_ROWS = 400

/** The frozen rows of a run in sequence, as JSON text. */
export class FrozenRows {
  readonly #lists: AsyncIterator<readonly Line[]>
  #list: readonly Line[] = []
  #taken = 0

  constructor({ disk, folder }: LogPorts) {
    this.#lists = splitLines(disk.stream(folder.rows, { chunkBytes: PIECE_BYTES, isReused: true }))[
      Symbol.asyncIterator
    ]()
  }

  /** The next so many rows. Throws where the file ends before. */
  async take(count: number): Promise<readonly string[]> {
    const rows: string[] = []
    while (rows.length < count) {
      const line = this.#list[this.#taken]
      if (line) {
        rows.push(Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.length).toString('utf8'))
        this.#taken += 1
      } else await this.#readOn()
    }
    return rows
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#lists.return?.()
  }

  async #readOn(): Promise<void> {
    const next = await this.#lists.next()
    if (next.done) throw new Error('the file of frozen rows ends before the last row')
    this.#list = next.value
    this.#taken = 0
  }
}

/** The frozen rows alone, in lists, as JSON text. */
export async function* readFrozenRows(ports: LogPorts, count: number): AsyncIterable<readonly string[]> {
  const rows = new FrozenRows(ports)
  try {
    for (let at = 0; at < count; at += PAGE_ROWS) yield await rows.take(Math.min(PAGE_ROWS, count - at))
  } finally {
    await rows.close()
  }
}
