import { join } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import { DAY_MS } from '../lib/duration.ts'
import { isJsonObject } from '../lib/json.ts'

/** A price that was accepted. */
export interface AcceptedPrice {
  /** Epoch milliseconds. */
  readonly at: number
  /** The user of the client, or the limit that the person who set the server up has given. */
  readonly by: 'person' | 'limit'
  /** What it is paid for, such as `start plan-…`. */
  readonly what: string
  /** Micro-dollars; null where a person has accepted an unknown price. */
  readonly micros: number | null
}

/** All prices that were accepted in a home, one a line of a file. */
export class AcceptedPrices {
  readonly #disk: Disk
  readonly #folder: string

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /** Writes a price down; on stable storage when it resolves, so that nothing is spent that is not counted. */
  async add(price: AcceptedPrice): Promise<void> {
    await this.#disk.makeFolder(this.#folder)
    const file = await this.#disk.open(this.#path, 'append')
    try {
      // What a crash has left of the line before must not swallow this one.
      await file.write(Buffer.from(`\n${JSON.stringify(price)}\n`, 'utf8'))
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#disk.syncFolder(this.#folder)
  }

  /** Micro-dollars that were accepted without a person in the 24 hours before an instant. */
  async withoutPerson(now: number): Promise<number> {
    const lines = ((await this.#disk.readText(this.#path)) ?? '').split('\n')
    return lines
      .map(acceptedIn)
      .filter((price) => price?.by === 'limit' && price.at > now - DAY_MS)
      .reduce((sum, price) => sum + (price?.micros ?? 0), 0)
  }

  get #path(): string {
    return join(this.#folder, 'accepted.jsonl')
  }
}

/** A line that is not whole was never promised: nothing was spent for it. */
function acceptedIn(line: string): AcceptedPrice | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (!isJsonObject(value)) return undefined
    const { at, by, micros, what } = value
    if (typeof at !== 'number' || (by !== 'person' && by !== 'limit')) return undefined
    return { at, by, what: String(what), micros: typeof micros === 'number' ? Math.max(0, micros) : null }
  } catch {
    return undefined
  }
}
