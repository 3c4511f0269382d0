import { type Backoff, backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'

/** The wait after a refusal that does not say how long. */
const BACKOFF: Backoff = { firstMs: 1_000, factor: 2, mostMs: 60_000 }

/** The middle of the spread: one client alone cannot fall into step with others. */
const MIDDLE = 0.5

/**
 * The gate through which all requests of a server go: closed for a while when it refuses one, because what it refuses it
 * would refuse to all.
 */
export class Gate {
  readonly #clock: Clock
  readonly #firstMs: number
  #opensAt = 0
  #refusals = 0

  /** @default firstMs 1,000 */
  constructor(clock: Clock, firstMs: number = BACKOFF.firstMs) {
    this.#clock = clock
    this.#firstMs = firstMs
  }

  /** True where requests were refused and none has been answered since. */
  get isInDoubt(): boolean {
    return this.#refusals > 0
  }

  /** Resolves when the gate is open, or the signal aborts. */
  async pass(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#waitMs() > 0) await this.#clock.sleep(this.#waitMs(), signal)
  }

  /** Closes for as long as was asked for, or ever longer. Those that were on their way together count as one. */
  refuse(askedMs: number | null): void {
    if (this.#waitMs() <= 0) this.#refusals += 1
    const backoff = { ...BACKOFF, firstMs: this.#firstMs }
    const waitMs = askedMs ?? backoffMs(backoff, this.#refusals - 1, MIDDLE)
    this.#opensAt = Math.max(this.#opensAt, this.#clock.monotonic() + waitMs)
  }

  /** A request was taken: the next refusal begins anew. */
  take(): void {
    this.#refusals = 0
  }

  #waitMs(): number {
    return this.#opensAt - this.#clock.monotonic()
  }
}
