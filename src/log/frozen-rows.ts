import { type Line, splitLines } from '../lib/jsonl.ts'
import type { PortionRecord } from '../store/port/run.ts'
import { namedRows, readNamed } from './named-file.ts'
import { rowsIn } from './portions.ts'
import type { LogPorts } from './ports.ts'

/** Read at once; the lines of a piece live together. */
const PIECE_BYTES = 128 * 1024

/** Rows handed on together. */
const PAGE_ROWS = 400

/** The frozen rows of a run in sequence, as JSON text; with the last one it is seen whether all are as they were. */
export class FrozenRows {
  #left: number
  readonly #lists: AsyncIterator<readonly Line[]>
  #list: readonly Line[] = []
  #taken = 0

  constructor(ports: LogPorts, portions: readonly PortionRecord[]) {
    this.#left = rowsIn(portions)
    this.#lists = linesOf(ports, portions)[Symbol.asyncIterator]()
  }

  /** The next so many rows. Throws `disk` where the file is not the one that the catalog names: at its end at the latest. */
  async take(count: number): Promise<readonly string[]> {
    const rows: string[] = []
    while (rows.length < count) {
      const line = this.#list[this.#taken]
      if (line) {
        rows.push(Buffer.from(line.bytes.buffer, line.bytes.byteOffset, line.bytes.length).toString('utf8'))
        this.#taken += 1
      } else await this.#readOn()
    }
    this.#left -= count
    if (this.#left === 0) await this.#lists.next()
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
export async function* readFrozenRows(
  ports: LogPorts,
  portions: readonly PortionRecord[],
): AsyncIterable<readonly string[]> {
  const rows = new FrozenRows(ports, portions)
  const rowCount = rowsIn(portions)
  try {
    for (let at = 0; at < rowCount; at += PAGE_ROWS) yield await rows.take(Math.min(PAGE_ROWS, rowCount - at))
  } finally {
    await rows.close()
  }
}

async function* linesOf(
  { disk, folder }: LogPorts,
  portions: readonly PortionRecord[],
): AsyncIterable<readonly Line[]> {
  for (const portion of portions) {
    yield* splitLines(readNamed(disk, namedRows(folder, portion), { chunkBytes: PIECE_BYTES, isReused: true }))
  }
}
