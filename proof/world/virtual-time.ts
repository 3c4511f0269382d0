import type { Clock } from '../../src/lib/clock.ts'
import type { Life } from './life.ts'

/** Thrown where the world has come to a standstill or moves on without end. */
export class Stuck extends Error {
  override readonly name = 'Stuck'
}

/** A wish to be woken. */
interface Sleeper {
  readonly at: number
  /** Orders sleepers of the same instant by when they lay down. */
  readonly order: number
  readonly wake: () => void
}

/** The world begins at this instant. */
const BEGINNING = Date.parse('2026-11-23T00:00:00Z')

/** A world that was woken this often has lost its way; the longest honest run needs a tenth of it. */
const MOST_WAKES = 8_000

/** Difference between the clock of a machine and the true time, which is the provider's. */
export interface Dial {
  /** How far the wall clock is ahead; negative where it is behind. */
  readonly aheadMs: number
  /** Milliseconds that the clock counts in a true one. */
  readonly rate: number
  /** True milliseconds that the machine has slept: then the monotonic clock stood still. */
  readonly sleptMs: number
}

/** Days after which a run without a terminal state counts as stuck (crash-safety, section 4). */
const MOST_DAYS = 14

/** Owns every wait of client and server: time stands still while anything moves, then jumps to the next waiting instant. */
export class VirtualTime {
  #now = BEGINNING
  #order = 0
  #wakes = 0
  #sleepers: Sleeper[] = []
  readonly #mostWakes: number

  /** `mostWakes`: more of them are taken for a busy loop. */
  constructor(mostWakes = MOST_WAKES) {
    this.#mostWakes = mostWakes
  }

  get now(): number {
    return this.#now
  }

  /** When the world began, in epoch milliseconds. */
  get beganAt(): number {
    return BEGINNING
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#now - BEGINNING
  }

  /** The clock as one process sees it; its sleeps end with its life. */
  clockOf(life: Life): Clock {
    return {
      now: () => this.#now,
      monotonic: () => this.#now,
      sleep: (milliseconds, signal) => this.#sleep(life, milliseconds, signal),
    }
  }

  /** The same on a machine whose clock is not right. */
  clockOn(dial: Dial, life: Life): Clock {
    return {
      now: () => Math.floor(BEGINNING + this.elapsed * dial.rate + dial.aheadMs),
      monotonic: () => (this.elapsed - dial.sleptMs) * dial.rate,
      sleep: (milliseconds, signal) => this.#sleep(life, milliseconds / dial.rate, signal),
    }
  }

  /** Lets the world run until the promise is settled, and gives its value. Throws `Stuck` where that never happens. */
  async runUntil<Value>(wanted: Promise<Value>): Promise<Value> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    wanted.then(settle, settle)
    for (;;) {
      await stillness()
      if (isSettled) return await wanted
      this.#wakeNext()
    }
  }

  async #sleep(life: Life, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return
    await new Promise<void>((resolve) => {
      this.#order += 1
      const wake = (): void => {
        signal?.removeEventListener('abort', leave)
        life.goOn(resolve)
      }
      const sleeper = { at: this.#now + Math.max(0, milliseconds), order: this.#order, wake }
      const leave = (): void => {
        const place = this.#sleepers.indexOf(sleeper)
        if (place >= 0) this.#sleepers.splice(place, 1)
        life.goOn(resolve)
      }
      signal?.addEventListener('abort', leave, { once: true })
      this.#sleepers.push(sleeper)
    })
  }

  #wakeNext(): void {
    let next = this.#sleepers[0]
    for (const sleeper of this.#sleepers) if (isBefore(sleeper, next)) next = sleeper
    if (!next || next.at === Number.POSITIVE_INFINITY) throw new Stuck('everything waits, and nothing will ever come')
    this.#wakes += 1
    if (this.#wakes > this.#mostWakes) throw new Stuck(`woken ${this.#mostWakes} times: a busy loop`)
    this.#sleepers.splice(this.#sleepers.indexOf(next), 1)
    this.#now = Math.max(this.#now, next.at)
    if (this.elapsed > MOST_DAYS * 86_400_000) throw new Stuck(`no end within ${MOST_DAYS} days`)
    next.wake()
  }
}

function isBefore(one: Sleeper, other: Sleeper | undefined): boolean {
  return other === undefined || one.at < other.at || (one.at === other.at && one.order < other.order)
}

/** Nothing in the world waits for the machine, so one turn of the event loop empties all queues. */
async function stillness(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
