import type { BatchRecord } from '../store/port/batch.ts'
import { Entry, type LogBatch } from './log-batch.ts'

/** Reads a batch when its first request is asked for. */
export type LoadBatch = (record: BatchRecord) => Promise<LogBatch>

/** A request with every batch that holds it, the oldest first. */
export interface History {
  readonly ordinal: number
  readonly entries: readonly [Entry, ...Entry[]]
}

/**
 * Merges the batches of a run by request: sorted lists, newest last, any number of them. Requests are asked for in rising
 * order, so that a batch is read once, when the first of its requests comes, and let go after its last: what is in memory
 * are the batches that overlap just now.
 */
export class Histories {
  /** Not reached yet, by their first request. */
  readonly #ahead: BatchRecord[]
  readonly #load: LoadBatch
  /** Those that may hold the request at hand, by number. */
  #open: LogBatch[] = []
  #next = 0

  constructor(batches: readonly BatchRecord[], load: LoadBatch) {
    this.#ahead = batches.toSorted((one, other) => one.firstOrdinal - other.firstOrdinal || one.number - other.number)
    this.#load = load
  }

  /** False where batches must be read before this request is asked for. */
  hasReached(ordinal: number): boolean {
    return (this.#ahead[this.#next]?.firstOrdinal ?? Number.POSITIVE_INFINITY) > ordinal
  }

  /** The history of a request that was reached, which no lower one may follow; undefined where no batch holds it. */
  of(ordinal: number): History | undefined {
    let entries: [Entry, ...Entry[]] | undefined
    let isPassed = false
    for (const batch of this.#open) {
      if (batch.record.lastOrdinal < ordinal) isPassed = true
      const index = batch.plan.indexOf(ordinal)
      if (index < 0) continue
      const entry = new Entry(batch, index)
      if (entries) entries.push(entry)
      else entries = [entry]
    }
    if (isPassed) this.#open = this.#open.filter(({ record }) => record.lastOrdinal >= ordinal)
    return entries && { ordinal, entries }
  }

  /** Reads the batches that begin at this request or before. */
  async reach(ordinal: number): Promise<void> {
    for (;;) {
      const record = this.#ahead[this.#next]
      if (record === undefined || record.firstOrdinal > ordinal) break
      this.#next += 1
      if (record.lastOrdinal >= ordinal) this.#open.push(await this.#load(record))
    }
    this.#open.sort((one, other) => one.record.number - other.record.number)
  }
}
