import { type Line, splitLines } from '../lib/jsonl.ts'
import { LlmBatchError } from '../model/error.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { Entry } from './log-batch.ts'
import type { LogPorts } from './ports.ts'

/** Read at once; the lines of a piece live together. */
const PIECE_BYTES = 128 * 1024

/**
 * Frozen lines of requests, asked for in rising order of these: the input file of each batch is read from the beginning,
 * once, and let go when no request of it can follow.
 */
export class FrozenLines {
  readonly #ports: LogPorts
  readonly #open = new Map<number, { readonly file: LineFile; readonly lastOrdinal: number }>()

  constructor(ports: LogPorts) {
    this.#ports = ports
  }

  /** The line of a request, as the first attempt of its batch has it; valid until the next one is asked for. */
  async of({ batch: { record }, index, ordinal }: Entry): Promise<Uint8Array> {
    const file = this.#open.get(record.key)?.file ?? (await this.#openFile(record, ordinal))
    const line = await file.at(index)
    if (line !== undefined) return line
    throw new LlmBatchError(
      'disk',
      `the input file of batch ${record.number} ends before the line of request ${ordinal}`,
    )
  }

  async close(): Promise<void> {
    for (const { file } of this.#open.values()) await file.close()
    this.#open.clear()
  }

  async #openFile({ inputName, key, lastOrdinal }: BatchRecord, ordinal: number): Promise<LineFile> {
    const { disk, folder } = this.#ports
    for (const [passed, open] of this.#open) {
      if (open.lastOrdinal >= ordinal) continue
      this.#open.delete(passed)
      await open.file.close()
    }
    const file = new LineFile(disk.stream(folder.input(inputName), { chunkBytes: PIECE_BYTES, isReused: true }))
    this.#open.set(key, { file, lastOrdinal })
    return file
  }
}

/** A file read line by line. */
class LineFile {
  readonly #lists: AsyncIterator<readonly Line[]>
  #list: readonly Line[] = []
  /** The place of the first line of the list. */
  #from = 0

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#lists = splitLines(pieces)[Symbol.asyncIterator]()
  }

  /** The line at this place, which no earlier one may follow; undefined where the file ends before. */
  async at(index: number): Promise<Uint8Array | undefined> {
    while (index >= this.#from + this.#list.length) {
      const next = await this.#lists.next()
      if (next.done) return undefined
      this.#from += this.#list.length
      this.#list = next.value
    }
    return this.#list[index - this.#from]?.bytes
  }

  async close(): Promise<void> {
    await this.#lists.return?.()
  }
}
