import type { Clock } from '../lib/clock.ts'
import type { Call } from './call.ts'
import type { CallReply } from './call-replies.ts'

/** Something that waits for the answer to a call. */
export interface Waiter {
  /** Which was called. */
  readonly endpoint: string
  readonly answer: (reply: CallReply) => void
  readonly fail: (error: Error) => void
}

/** A call that is not yet a row of a run. */
export interface GatheredCall {
  readonly call: Call
  readonly waiters: Waiter[]
}

/** When calls that were gathered become rows, whichever is first. */
export interface GatheringLimits {
  /** How long no further call has come; of calls without a pause, the first one waits for fifteen times as long. */
  readonly idleMs: number
  readonly calls: number
  readonly bytes: number
}

const LONGEST_IDLES = 15

/** Gathers calls until none has come for a while, or there are enough. */
export class Gathering {
  readonly #clock: Clock
  readonly #limits: GatheringLimits
  readonly #onFull: () => void
  #calls = new Map<string, GatheredCall>()
  #bytes = 0
  #firstAt = 0
  #lastAt = 0
  #isWatched = false

  /** `onFull` is called when it is time to `take` them, once or more often. */
  constructor(clock: Clock, limits: GatheringLimits, onFull: () => void) {
    this.#clock = clock
    this.#limits = limits
    this.#onFull = onFull
  }

  get size(): number {
    return this.#calls.size
  }

  find(id: string): GatheredCall | undefined {
    return this.#calls.get(id)
  }

  add(id: string, call: Call, waiter: Waiter): void {
    if (this.#calls.size === 0) this.#firstAt = this.#clock.monotonic()
    this.#calls.set(id, { call, waiters: [waiter] })
    this.#bytes += call.body.length
    this.#lastAt = this.#clock.monotonic()
    if (this.#calls.size >= this.#limits.calls || this.#bytes >= this.#limits.bytes) this.#onFull()
    else if (!this.#isWatched) void this.#watch()
  }

  /** Takes back a call that was gathered; undefined where it is not among them. */
  remove(id: string): GatheredCall | undefined {
    const gathered = this.#calls.get(id)
    this.#calls.delete(id)
    this.#bytes -= gathered?.call.body.length ?? 0
    return gathered
  }

  /** All that were gathered, which are not gathered any more. */
  take(): ReadonlyMap<string, GatheredCall> {
    const taken = this.#calls
    this.#calls = new Map()
    this.#bytes = 0
    return taken
  }

  async #watch(): Promise<void> {
    this.#isWatched = true
    while (this.#calls.size > 0) {
      const { idleMs } = this.#limits
      const dueAt = Math.min(this.#lastAt + idleMs, this.#firstAt + LONGEST_IDLES * idleMs)
      const restMs = dueAt - this.#clock.monotonic()
      if (restMs <= 0) break
      await this.#clock.sleep(restMs)
    }
    this.#isWatched = false
    if (this.#calls.size > 0) this.#onFull()
  }
}
