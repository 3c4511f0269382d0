import type { Disk, DiskFile } from '../../lib/disk.ts'
import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { splitLines } from '../../lib/jsonl.ts'

/** End of a request of a batch: its answer, or why it may have been executed without one. */
export type JournalResult =
  | {
      readonly status: number
      readonly body: JsonObject
      /** What recognises the request in the books. */
      readonly nonce: string
    }
  | { readonly message: string }

/** Request whose end stands in a journal. */
export interface JournalEntry {
  readonly position: number
  readonly customId: unknown
  readonly result: JournalResult
}

/** Counts over all lines of a journal. */
export interface JournalCounts {
  /** Calls of which an intent was written. */
  readonly calls: number
  /** Those of them that were certainly not executed. */
  readonly refused: number
  readonly succeeded: number
  readonly failed: number
}

/**
 * Record of what was asked for a batch and what came back, line by line, each forced to disk before anything follows from
 * it: an intent before a request is asked, its withdrawal where the request was certainly not executed, and its end. A
 * server that is killed finds in it which requests have their end, and which ones were on their way.
 */
export class Journal {
  readonly #disk: Disk
  readonly #path: string
  readonly #file: DiskFile
  /** Positions whose end is known. */
  readonly #ended = new Set<number>()
  /** Intents without an end, by position. */
  readonly #asked = new Map<number, number>()
  readonly #counts = { calls: 0, refused: 0, succeeded: 0, failed: 0 }
  /** Lines that wait to be written together. */
  #gathered: string[] = []
  /** Settles when what is gathered is on disk. */
  #writing: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  private constructor(disk: Disk, path: string, file: DiskFile) {
    this.#disk = disk
    this.#path = path
    this.#file = file
  }

  /** Opens the journal of a batch, made when absent, and reads what it says. */
  static async open(disk: Disk, path: string): Promise<Journal> {
    const file = await disk.open(path, 'append')
    const journal = new Journal(disk, path, file)
    try {
      await journal.#read()
    } catch (error) {
      await file.close()
      throw error
    }
    return journal
  }

  get counts(): JournalCounts {
    return this.#counts
  }

  /** True where the request has its end. */
  hasEnded(position: number): boolean {
    return this.#ended.has(position)
  }

  /** True where the request was asked and has neither an end nor a withdrawal: it may have been executed. */
  isOnItsWay(position: number): boolean {
    return !this.hasEnded(position) && (this.#asked.get(position) ?? 0) > 0
  }

  /** Writes the intent to ask a request. Resolves when it is on disk. */
  async ask(position: number): Promise<void> {
    await this.#write({ asked: position })
  }

  /** Takes an intent back: the request was certainly not executed. */
  async withdraw(position: number): Promise<void> {
    await this.#write({ withdrawn: position })
  }

  /** Writes the end of a request. */
  async end({ customId, position, result }: JournalEntry): Promise<void> {
    await this.#write({ ended: position, custom_id: customId ?? null, ...result })
  }

  /** The requests that have their end, in the order in which it came. */
  async *entries(): AsyncIterable<JournalEntry> {
    for await (const { custom_id: customId, ended, ...result } of this.#lines()) {
      if (typeof ended === 'number') yield { position: ended, customId, result: result as unknown as JournalResult }
    }
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined)
    await this.#file.close()
  }

  async #read(): Promise<void> {
    for await (const line of this.#lines()) this.#take(line)
    // A line that was cut off by a loss of power must not swallow the next one.
    await this.#file.write(Buffer.from('\n'))
  }

  async *#lines(): AsyncIterable<JsonObject> {
    for await (const lines of splitLines(this.#disk.stream(this.#path))) {
      for (const { bytes } of lines) {
        const line = lineOf(bytes)
        if (line) yield line
      }
    }
  }

  #take({ asked, ended, status, withdrawn }: JsonObject): void {
    if (typeof asked === 'number') {
      this.#counts.calls += 1
      this.#asked.set(asked, (this.#asked.get(asked) ?? 0) + 1)
    } else if (typeof withdrawn === 'number') {
      this.#counts.refused += 1
      this.#asked.set(withdrawn, Math.max(0, (this.#asked.get(withdrawn) ?? 0) - 1))
    } else if (typeof ended === 'number' && !this.#ended.has(ended)) {
      this.#ended.add(ended)
      this.#asked.delete(ended)
      this.#counts[status === 200 ? 'succeeded' : 'failed'] += 1
    }
  }

  /** Lines that come while others are being forced to disk are forced together. */
  async #write(line: JsonObject): Promise<void> {
    this.#gathered.push(JSON.stringify(line))
    this.#writing ??= this.#last.then(() => this.#force())
    await this.#writing
    this.#take(line)
  }

  #force(): Promise<void> {
    const text = `${this.#gathered.join('\n')}\n`
    this.#gathered = []
    this.#writing = undefined
    this.#last = this.#file.write(Buffer.from(text)).then(() => this.#file.sync())
    return this.#last
  }
}

/** The object on a line; undefined for one that is empty or was cut off. */
function lineOf(bytes: Uint8Array): JsonObject | undefined {
  if (bytes.length === 0) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return isJsonObject(value) ? value : undefined
  } catch {
    // Cut off by a loss of power: what it was to say was not relied on yet.
    return undefined
  }
}
