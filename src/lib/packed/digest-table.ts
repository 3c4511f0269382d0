import { hash } from 'node:crypto'

/** Characters of a digest: at 128 bits two different texts never fall together. */
const DIGEST_CHARACTERS = 16

const FIRST_SLOTS = 1 << 12

/** Words per slot: the four of the digest, and the number kept for it, plus one. */
const WORDS = 5

/** Filled beyond three quarters it grows; up to there a free slot is found after a few steps. */
const FULL = 0.75

/**
 * Numbers by 128-bit digests, 27 to 53 bytes each: what a map of texts would need five times as much for. Digests are texts
 * of at least 16 characters up to U+00FF, a byte each, equally spread, as of a cryptographic hash.
 */
export class DigestTable {
  #slots = FIRST_SLOTS
  #table = new Int32Array(FIRST_SLOTS * WORDS)
  #count = 0

  /** How many digests it holds. */
  get size(): number {
    return this.#count
  }

  /** The number kept for a digest; undefined where there is none. */
  get(digest: string): number | undefined {
    const kept = this.#table[this.#placeOf(digest) + 4]
    return kept ? (kept >>> 0) - 1 : undefined
  }

  /** Keeps a number, from 0 to 2^32 - 2, in place of the one before. */
  set(digest: string, value: number): void {
    if (this.#count >= this.#slots * FULL) this.#grow()
    const place = this.#placeOf(digest)
    if (this.#table[place + 4] === 0) {
      for (let word = 0; word < 4; word += 1) this.#table[place + word] = wordOf(digest, word)
      this.#count += 1
    }
    this.#table[place + 4] = value + 1
  }

  #placeOf(digest: string): number {
    return this.#find(wordOf(digest, 0), wordOf(digest, 1), wordOf(digest, 2), wordOf(digest, 3))
  }

  /** Where these words are, or the free place where they belong; a number of 0 marks a free one. */
  #find(first: number, second: number, third: number, fourth: number): number {
    const table = this.#table
    for (let slot = first & (this.#slots - 1); ; slot = (slot + 1) & (this.#slots - 1)) {
      const place = slot * WORDS
      if (table[place + 4] === 0) return place
      const isSame = table[place] === first && table[place + 1] === second && table[place + 2] === third
      if (isSame && table[place + 3] === fourth) return place
    }
  }

  #grow(): void {
    const old = this.#table
    this.#slots *= 2
    this.#table = new Int32Array(this.#slots * WORDS)
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 4] === 0) continue
      const slot = old.subarray(at, at + WORDS)
      const [first = 0, second = 0, third = 0, fourth = 0] = slot
      this.#table.set(slot, this.#find(first, second, third, fourth))
    }
  }
}

function wordOf(digest: string, word: number): number {
  const at = word * 4
  return (
    digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)
  )
}

/** The digest of a text, as the table takes it. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'binary').slice(0, DIGEST_CHARACTERS)
}
