import type { Clock } from '../../lib/clock.ts'
import { lostly, untilConnected } from './lost-connection.ts'
import type { SessionSource } from './sessions.ts'

/** A comparison of two clocks whose answer took longer is made once more, a few times. */
const LONGEST_LOOK_MS = 500
const MOST_LOOKS = 5

/** How long a lost database is waited for by who asks for its time. */
const MOST_LOST_MS = 30_000

/**
 * The clock of a home that several machines share: the one of the database's server. Instants in the catalog mean the same
 * for every process then, and a wait that one machine has begun lasts as long on another one whose own clock is ahead.
 */
export class ServerClock implements Clock {
  readonly #own: Clock
  #behindMs = 0

  /** Goes by the machine's own clock until it was compared with the server's. */
  constructor(own: Clock) {
    this.#own = own
  }

  now(): number {
    return this.#own.now() + this.#behindMs
  }

  monotonic(): number {
    return this.#own.monotonic()
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return this.#own.sleep(milliseconds, signal)
  }

  /** Looks at the server's clock. Throws `unreachable` where the database stays away. */
  async compare(sessions: Pick<SessionSource, 'use'>): Promise<void> {
    await untilConnected(this.#own, MOST_LOST_MS, async () => {
      let looks = 1
      // A process that was halted on the way does not know when the server was asked.
      while ((await this.#look(sessions)) > LONGEST_LOOK_MS && looks < MOST_LOOKS) looks += 1
    })
  }

  /** Returns how long the answer took. Throws `LostConnection`. */
  async #look(sessions: Pick<SessionSource, 'use'>): Promise<number> {
    return await sessions.use(async (client) => {
      const [before, since] = [this.#own.now(), this.#own.monotonic()]
      const { rows } = await lostly(() =>
        client.query<{ now: number }>('select extract(epoch from clock_timestamp()) * 1000 as now'),
      )
      const tookMs = this.#own.monotonic() - since
      this.#behindMs = Math.round((rows[0]?.now ?? before) - before - tookMs / 2)
      return tookMs
    })
  }
}
