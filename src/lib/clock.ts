import { setTimeout as delay } from 'node:timers/promises'

/** The one source of time and of waiting; injected everywhere, so that tests and simulations can own it. */
export interface Clock {
  /** Wall time in epoch milliseconds; may jump, so it is used for instants that are stored or shown. */
  now(): number
  /** Milliseconds of a clock that never jumps, for measuring durations. */
  monotonic(): number
  /** Resolves after this many milliseconds, or at once when the signal aborts; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** Longest timer Node accepts: 2^31 - 1 ms; longer sleeps are cut, callers look at the clock again anyway. */
const LONGEST_TIMER_MS = 2_147_483_647

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    try {
      await delay(Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MS), undefined, signal ? { signal } : {})
    } catch (error) {
      // An aborted sleep is a finished sleep: the caller looks at its signal.
      if (!signal?.aborted) throw error
    }
  },
}
