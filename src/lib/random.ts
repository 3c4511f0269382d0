import { randomBytes } from 'node:crypto'

/** The one source of randomness; injected, so that simulations can replay a run. */
export interface Random {
  /** This many unpredictable bytes. */
  bytes(count: number): Uint8Array
  /** A number in [0, 1), for jitter and samples; need not be unpredictable. */
  fraction(): number
}

/** The machine's randomness. */
export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  fraction: () => Math.random(),
}

/** A generator that repeats itself for the same seed (mulberry32); for samples that must be the same next time. */
export function seededFraction(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}
