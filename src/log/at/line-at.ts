import type { Disk, DiskFile } from '../../lib/disk.ts'
import { LlmBatchError } from '../../model/error.ts'
import { ordinalOf, WIRE_PREFIX_LENGTH } from '../../model/ids.ts'
import { idOf } from '../frozen-line.ts'

/** Read at once while a line is looked for. */
const STEP_BYTES = 16 * 1_024

/** Bytes of a frozen line that surely hold its wire id. */
const HEAD_BYTES = 64

const LINE_FEED = 0x0a

/**
 * The frozen line of a request in the input file of a batch, whose lines stand in the order of their requests: found by
 * halving, in a few reads, however long the file is. Undefined where it holds no such line. Throws `disk` for a file whose
 * lines are not frozen lines.
 */
export async function lineAt(disk: Disk, path: string, ordinal: number): Promise<Uint8Array | undefined> {
  const size = await disk.size(path)
  if (size === undefined) return undefined
  const file = new LineSearch(await disk.open(path, 'read'), path, size)
  try {
    return await file.find(ordinal)
  } finally {
    await file.close()
  }
}

class LineSearch {
  readonly #file: DiskFile
  readonly #path: string
  readonly #size: number

  constructor(file: DiskFile, path: string, size: number) {
    this.#file = file
    this.#path = path
    this.#size = size
  }

  async find(ordinal: number): Promise<Uint8Array | undefined> {
    // A line begins at `low`, and the one that is looked for begins before `high`.
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const begin = await this.#lineFrom(middle, high)
      const there = begin < high ? await this.#ordinalAt(begin) : Number.POSITIVE_INFINITY
      if (there === ordinal) return await this.#lineAt(begin)
      if (there < ordinal) low = await this.#lineFrom(begin + 1, high)
      else high = middle
    }
    return undefined
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** The first place from `from` on at which a line begins; `limit` or more where there is none before that. */
  async #lineFrom(from: number, limit: number): Promise<number> {
    if (from === 0) return 0
    for (let at = from - 1; at < limit; at += STEP_BYTES) {
      const bytes = await this.#file.read(at, Math.min(STEP_BYTES, this.#size - at))
      const end = bytes.indexOf(LINE_FEED)
      if (end >= 0) return at + end + 1
    }
    return limit
  }

  async #ordinalAt(begin: number): Promise<number> {
    const head = await this.#file.read(begin, Math.min(HEAD_BYTES, this.#size - begin))
    const id = idOf(head)
    const ordinal = ordinalIn(id)
    if (ordinal !== undefined) return ordinal
    throw new LlmBatchError('disk', `${this.#path} is damaged: a line of it has no wire id`, {
      next: 'Restore the folder of the run from a backup.',
    })
  }

  async #lineAt(begin: number): Promise<Uint8Array> {
    const end = await this.#lineFrom(begin + 1, this.#size)
    const bytes = await this.#file.read(begin, end - begin)
    return bytes.at(-1) === LINE_FEED ? bytes.subarray(0, -1) : bytes
  }
}

/** The ordinal that a wire id carries, of whichever attempt. */
function ordinalIn(id: string): number | undefined {
  return ordinalOf(id, id.slice(0, WIRE_PREFIX_LENGTH))
}
