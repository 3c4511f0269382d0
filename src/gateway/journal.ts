import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { Call } from '../calls/call.ts'
import { writeAtomically } from '../lib/atomic-file.ts'
import type { Disk, DiskFile } from '../lib/disk.ts'
import { isJsonObject } from '../lib/json.ts'

/** A call that was accepted and is not a row yet. */
export interface KeptCall {
  readonly id: string
  readonly call: Call
  /** Epoch milliseconds. */
  readonly at: number
}

/** Bytes from which on a file is worth being shortened. */
const LONG_BYTES = 8_000_000

/**
 * The calls that were accepted for a run before they are gathered into its rows, in a file: what it has taken stays there
 * whatever happens to the process. And the calls that were cancelled in time, so that they are known as such.
 */
export class Journal {
  readonly #disk: Disk
  readonly #path: string
  readonly #inTurn = pLimit(1)
  readonly #keptAt = new Map<string, number>()
  readonly #cancelled = new Set<string>()
  /** On their way to the disk. */
  readonly #writes = new Map<string, Promise<void>>()
  #lines: string[] = []
  /** The next write, which takes all lines that have come until it begins. */
  #next: Promise<void> | undefined
  #file: DiskFile | undefined
  #bytes = 0
  /** After it was shortened last. */
  #leftBytes = 0

  /**
   * Opens the journal at this path, made where it is absent, without what `isRow` says is in the run by now. Gives the calls
   * that are left, too.
   */
  static async open(
    disk: Disk,
    path: string,
    isRow: (id: string) => boolean,
  ): Promise<{ readonly journal: Journal; readonly left: readonly KeptCall[] }> {
    const journal = new Journal(disk, path)
    await disk.makeFolder(dirname(path))
    const left = await journal.shorten(isRow)
    return { journal, left }
  }

  private constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  /** True where the file is long, and longer than what could not be taken out of it last. */
  get isLong(): boolean {
    return this.#bytes > LONG_BYTES && this.#bytes > 2 * this.#leftBytes
  }

  /** When a call was accepted, in epoch milliseconds; undefined where the journal does not hold it. */
  keptAt(id: string): number | undefined {
    return this.#keptAt.get(id)
  }

  isCancelled(id: string): boolean {
    return this.#cancelled.has(id)
  }

  /** Keeps a call; resolves when it is on stable storage. May be repeated. */
  async keep({ at, call: { body, endpoint }, id }: KeptCall): Promise<void> {
    if (!this.#keptAt.has(id)) {
      this.#keptAt.set(id, at)
      this.#cancelled.delete(id)
      const written = this.#append(JSON.stringify({ id, endpoint, body, at }))
      this.#writes.set(id, written)
      await written
        .catch((error: unknown) => {
          this.#keptAt.delete(id)
          throw error
        })
        .finally(() => this.#writes.delete(id))
    } else await this.#writes.get(id)
  }

  /** Keeps that a call was cancelled; resolves when that is on stable storage. */
  async cancel(id: string): Promise<void> {
    this.#keptAt.delete(id)
    this.#cancelled.add(id)
    await this.#append(JSON.stringify({ id, isCancelled: true }))
  }

  /** Takes out of the file what is a row by now, and gives the calls that are left. */
  async shorten(isRow: (id: string) => boolean): Promise<readonly KeptCall[]> {
    return await this.#inTurn(async () => {
      const { cancelled, kept } = linesOf((await this.#disk.readText(this.#path)) ?? '')
      const left = [...kept.values()].filter(({ id }) => !isRow(id))
      await this.#file?.close()
      this.#file = undefined
      const lines = [
        ...left.map(({ at, call: { body, endpoint }, id }) => JSON.stringify({ id, endpoint, body, at })),
        ...[...cancelled].map((id) => JSON.stringify({ id, isCancelled: true })),
      ]
      const text = lines.map((line) => `${line}\n`).join('')
      await writeAtomically(this.#disk, this.#path, async (writer) => {
        this.#bytes = await writer.writeText(text)
      })
      this.#leftBytes = this.#bytes
      for (const id of this.#keptAt.keys()) if (isRow(id)) this.#keptAt.delete(id)
      for (const { at, id } of left) this.#keptAt.set(id, at)
      for (const id of cancelled) if (!this.#keptAt.has(id)) this.#cancelled.add(id)
      return left
    })
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#file?.close()
      this.#file = undefined
    })
  }

  #append(line: string): Promise<void> {
    this.#lines.push(line)
    this.#next ??= this.#inTurn(() => this.#write())
    return this.#next
  }

  async #write(): Promise<void> {
    this.#next = undefined
    const lines = this.#lines
    this.#lines = []
    const isAfterFailure = this.#file === undefined
    const file = (this.#file ??= await this.#disk.open(this.#path, 'append'))
    // What a write left unfinished that failed must not become the beginning of another line.
    const bytes = Buffer.from(`${isAfterFailure ? '\n' : ''}${lines.join('\n')}\n`, 'utf8')
    try {
      await file.write(bytes)
      await file.sync()
      this.#bytes += bytes.length
    } catch (error) {
      this.#file = undefined
      await file.close()
      throw error
    }
  }
}

/** What the lines of a journal say, the last one of a call. A line that is not whole was never promised. */
function linesOf(text: string): {
  readonly kept: ReadonlyMap<string, KeptCall>
  readonly cancelled: ReadonlySet<string>
} {
  const kept = new Map<string, KeptCall>()
  const cancelled = new Set<string>()
  for (const line of text.split('\n')) {
    const { at, body, endpoint, id, isCancelled } = membersOf(line)
    if (typeof id !== 'string') continue
    if (isCancelled === true) {
      kept.delete(id)
      cancelled.add(id)
    } else if (typeof endpoint === 'string' && typeof body === 'string') {
      kept.set(id, { id, call: { endpoint, body }, at: Number(at) })
      cancelled.delete(id)
    }
  }
  return { kept, cancelled }
}

function membersOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return isJsonObject(value) ? value : {}
  } catch {
    // The process died while it wrote this line.
    return {}
  }
}
