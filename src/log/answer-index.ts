import { DigestTable } from '../lib/digest-table.ts'

const FIRST_ENTRIES = 1 << 10

/** Words per entry: the request, and the entry that follows it in its ring. */
const WORDS = 2

/**
 * The answers of a run by the identity of their requests, each to be taken as often as it answered a row there: two rows
 * that ask the same may have been meant to be answered differently, and keep their two answers. About 50 bytes an answer.
 */
export class AnswerIndex {
  /** For each identity the last entry of its ring; the one that follows it is the first. */
  readonly #last = new DigestTable()
  #entries = new Uint32Array(FIRST_ENTRIES * WORDS)
  /** Entry 0 stands for an empty ring. */
  #count = 1

  /** Adds a request that answered so many rows. */
  add(identity: string, ordinal: number, rows: number): void {
    for (let row = 0; row < rows; row += 1) this.#addOne(identity, ordinal)
  }

  /** The request whose answer is next for this identity; undefined where all were taken, or there was none. */
  take(identity: string): number | undefined {
    const last = this.#last.get(identity) ?? 0
    if (last === 0) return undefined
    const first = this.#next(last)
    if (first === last) this.#last.set(identity, 0)
    else this.#entries[last * WORDS + 1] = this.#next(first)
    return this.#entries[first * WORDS]
  }

  #addOne(identity: string, ordinal: number): void {
    const entry = this.#count
    if ((entry + 1) * WORDS > this.#entries.length) this.#grow()
    this.#count += 1
    const last = this.#last.get(identity) ?? 0
    this.#entries[entry * WORDS] = ordinal
    this.#entries[entry * WORDS + 1] = last === 0 ? entry : this.#next(last)
    if (last !== 0) this.#entries[last * WORDS + 1] = entry
    this.#last.set(identity, entry)
  }

  #next(entry: number): number {
    return this.#entries[entry * WORDS + 1] ?? 0
  }

  #grow(): void {
    const old = this.#entries
    this.#entries = new Uint32Array(old.length * 2)
    this.#entries.set(old)
  }
}
