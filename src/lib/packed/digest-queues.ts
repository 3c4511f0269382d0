import { DigestTable } from './digest-table.ts'
import { longer } from './longer.ts'

const FIRST_ENTRIES = 1 << 10

/** Words per entry: the number, and the entry that follows it in its ring. */
const WORDS = 2

/**
 * Numbers in queues by 128-bit digests: several for each digest, given away in the order in which they were added. About
 * 50 bytes for each number.
 */
export class DigestQueues {
  /** For each digest the last entry of its ring; the one that follows it is the first. */
  readonly #last = new DigestTable()
  #entries = new Uint32Array(FIRST_ENTRIES * WORDS)
  /** Entry 0 stands for an empty ring. */
  #count = 1

  /** Adds a number that may be taken so many times. */
  add(digest: string, number: number, times: number): void {
    for (let time = 0; time < times; time += 1) this.#addOne(digest, number)
  }

  /** The next number of this digest; undefined where all were taken, or there was none. */
  take(digest: string): number | undefined {
    const last = this.#last.get(digest) ?? 0
    if (last === 0) return undefined
    const first = this.#next(last)
    if (first === last) this.#last.set(digest, 0)
    else this.#entries[last * WORDS + 1] = this.#next(first)
    return this.#entries[first * WORDS]
  }

  #addOne(digest: string, number: number): void {
    const entry = this.#count
    if ((entry + 1) * WORDS > this.#entries.length) this.#entries = longer(this.#entries)
    this.#count += 1
    const last = this.#last.get(digest) ?? 0
    this.#entries[entry * WORDS] = number
    this.#entries[entry * WORDS + 1] = last === 0 ? entry : this.#next(last)
    if (last !== 0) this.#entries[last * WORDS + 1] = entry
    this.#last.set(digest, entry)
  }

  #next(entry: number): number {
    return this.#entries[entry * WORDS + 1] ?? 0
  }
}
