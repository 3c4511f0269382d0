import type { BatchRecord } from '../state/record.ts'
import type { ExecutionPlace } from './execution-place.ts'
import type { Halt } from './row.ts'

/** Looks at the clock at most this often during one execution. */
const MOST_LOOKS = 64

/**
 * Spreads the rows of one batch evenly over its running time and tells when to stop. What a row's turn is depends on
 * the batch's own instants only, so an execution repeated after a restart stops at the same row.
 */
export class Pace {
  /** The pace wants to be asked before every so many rows. */
  readonly stride: number
  readonly #place: ExecutionPlace
  readonly #batch: BatchRecord
  readonly #signal: AbortSignal
  readonly #wasCancelling: boolean
  readonly #stopAfter: number
  readonly #stopBy: 'expired' | 'stuck' | undefined

  constructor(place: ExecutionPlace, batch: BatchRecord, signal: AbortSignal) {
    this.#place = place
    this.#batch = batch
    this.#signal = signal
    this.#wasCancelling = batch.phase === 'cancelling'
    const stop = batch.faults.find((fault) => fault.name === 'expire' || fault.name === 'stuck')
    this.#stopBy = stop && (stop.name === 'expire' ? 'expired' : 'stuck')
    this.#stopAfter = stop ? Math.floor(batch.total * Number(stop.argument || '0.5')) : batch.total
    this.stride = stop ? 1 : Math.max(1, Math.ceil(batch.total / MOST_LOOKS))
  }

  /** Waits until it is the turn of the row at this place, and notes how many are done by then. */
  async reach(
    position: number,
    done: { readonly succeeded: number; readonly failed: number },
  ): Promise<Halt | undefined> {
    const { state, clock, durations } = this.#place
    const now = this.#current()
    state.batches.note({ ...now, succeeded: done.succeeded, failed: done.failed })
    const isStopped = this.#stopBy !== undefined && position >= this.#stopAfter
    if (isStopped && this.#stopBy === 'expired') return 'expired'
    const startedAt = this.#batch.enteredAtMs.running ?? this.#batch.createdAtMs
    const turnAt = isStopped
      ? Number.POSITIVE_INFINITY
      : startedAt + (durations.runMs * position) / Math.max(1, this.#batch.total)
    if (this.#wasCancelling) return turnAt > (now.enteredAtMs.cancelling ?? 0) ? 'cancelled' : undefined
    if (now.phase === 'cancelling') return 'cancelled'
    const until = Math.min(turnAt, this.#batch.expiresAtMs)
    while (clock.now() < until && !this.#signal.aborted) await clock.sleep(until - clock.now(), this.#signal)
    if (this.#signal.aborted) return this.#current().phase === 'cancelling' ? 'cancelled' : 'closed'
    return turnAt > this.#batch.expiresAtMs ? 'expired' : undefined
  }

  #current(): BatchRecord {
    return this.#place.state.batches.get(this.#batch.id) ?? this.#batch
  }
}
