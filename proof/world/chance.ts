import type { Random } from '../../src/lib/random.ts'
import { seededFraction } from '../../src/lib/random.ts'

/** Draws that repeat themselves for the same seed. */
export class Chance {
  readonly #fraction: () => number

  constructor(seed: number) {
    this.#fraction = seededFraction(seed)
  }

  fraction(): number {
    return this.#fraction()
  }

  /** A whole number from 0 up to and without the limit. */
  below(limit: number): number {
    return Math.floor(this.#fraction() * limit)
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.#fraction() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

/** The randomness of a simulated machine. */
export function randomOf(chance: Chance): Random {
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => chance.below(256)),
    fraction: () => chance.fraction(),
  }
}
