import { longer } from './longer.ts'

const EMPTY = -1

/**
 * Numbers the whole numbers it is given, from 0 in the order in which they come. A `Map` of fifty thousand of them takes
 * several megabytes and leaves as much behind while it grows; this takes 28 bytes for each, outside of the heap.
 */
export class NumberIndex {
  #numbers: Float64Array
  /** Places by hash, open addressing; always at least twice as many slots as numbers. */
  #slots: Int32Array
  #size = 0

  /** `expected` is how many numbers are likely to come; more are fine. They must not be negative. */
  constructor(expected: number) {
    this.#numbers = new Float64Array(Math.max(1, expected))
    this.#slots = emptySlots(expected)
  }

  get size(): number {
    return this.#size
  }

  /** The place of a number, or -1 where it did not come. */
  placeOf(number: number): number {
    return this.#slots[this.#slotOf(number)] ?? EMPTY
  }

  /** The place of a number, which it gets if it has none. */
  add(number: number): number {
    const slot = this.#slotOf(number)
    const place = this.#slots[slot] ?? EMPTY
    if (place !== EMPTY) return place
    this.#slots[slot] = this.#size
    if (this.#size === this.#numbers.length) this.#numbers = longer(this.#numbers)
    this.#numbers[this.#size] = number
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#rehash()
    return this.#size - 1
  }

  /** The numbers in the order of their places. */
  numbers(): Iterable<number> {
    return this.#numbers.subarray(0, this.#size)
  }

  #slotOf(number: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash(number) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] ?? EMPTY
      if (place === EMPTY || this.#numbers[place] === number) return slot
    }
  }

  #rehash(): void {
    this.#slots = emptySlots(this.#size * 2)
    for (let place = 0; place < this.#size; place += 1) this.#slots[this.#slotOf(this.#numbers[place] ?? 0)] = place
  }
}

function emptySlots(expected: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, expected * 2)))).fill(EMPTY)
}

/** Neighbours far apart, numbers above 2^32 told apart by their upper half. */
function hash(number: number): number {
  const low = number >>> 0
  const high = (number - low) / 2 ** 32
  return Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 7
}
