import { LlmBatchError } from '../model/error.ts'
import { outputOf } from '../output/answer.ts'
import type { RowView } from './row-view.ts'

/** The rows of several runs that belong together, in the order of the runs. */
export type JoinedRows = readonly RowView[]

/** Counts from joining; complete when all rows were read. */
export interface JoinCounts {
  /** Of each run: rows that not every other run has. */
  readonly alone: number[]
  /** Of each run: rows without anything to join them by. */
  readonly withoutKey: number[]
}

/** Key that a row is joined by; null where it has nothing. */
export type KeyOf = (row: RowView) => string | null

export type RowStream = AsyncIterable<readonly RowView[]>

/** Rows that may wait in memory for their partners. */
const MOST_HELD_ROWS = 250_000

/** Characters of rows and answers that may wait so. */
const MOST_HELD_CHARACTERS = 250_000_000

/** Counts to be filled by a join. */
export function joinCounts(runs: number): JoinCounts {
  return { alone: Array.from({ length: runs }, () => 0), withoutKey: Array.from({ length: runs }, () => 0) }
}

/** Joins runs of the same rows by their place; flat memory. */
export async function* joinByPlace(streams: readonly RowStream[]): AsyncIterable<JoinedRows> {
  const readers = streams.map((stream) => rowReader(stream))
  try {
    for (;;) {
      const rows: RowView[] = []
      for (const reader of readers) {
        const row = await reader.next()
        if (row) rows.push(row)
      }
      if (rows.length === 0) return
      const [first] = rows
      if (rows.length < streams.length || rows.some(({ row }) => row.ordinal !== first?.row.ordinal)) {
        throw new LlmBatchError('conflict', 'two runs of the same input have different numbers of rows')
      }
      yield rows
    }
  } finally {
    for (const reader of readers) await reader.close()
  }
}

/**
 * Joins runs by a key, reading them in step, so that only rows wait in memory whose partners come later: hardly any
 * where the runs have their rows in one order, at most twice the rows of the smallest run else. Rows with the same key are
 * joined in their order. Throws `usage` where too many would wait.
 */
export async function* joinByKey(
  streams: readonly RowStream[],
  keysOf: readonly KeyOf[],
  counts: JoinCounts,
  mostHeldRows = MOST_HELD_ROWS,
): AsyncIterable<JoinedRows> {
  const waiting = new WaitingRows(streams.length, counts, mostHeldRows)
  const readers = streams.map((stream) => rowReader(stream))
  const isOpen = streams.map(() => true)
  try {
    while (isOpen.includes(true)) {
      for (const [run, reader] of readers.entries()) {
        if (!isOpen[run]) continue
        const row = await reader.next()
        if (!row) {
          isOpen[run] = false
          waiting.end(run)
          continue
        }
        const key = keysOf[run]?.(row) ?? null
        if (key === null) counts.withoutKey[run] = (counts.withoutKey[run] ?? 0) + 1
        else {
          const joined = waiting.add(key, run, row)
          if (joined) yield joined
        }
      }
    }
    waiting.countRest()
  } finally {
    for (const reader of readers) await reader.close()
  }
}

/** Rows that wait for their partners. */
class WaitingRows {
  readonly #runs: number
  readonly #counts: JoinCounts
  readonly #mostRows: number
  /** By key: of each run, the rows that wait. */
  readonly #queues = new Map<string, readonly RowQueue[]>()
  readonly #ended = new Set<number>()
  #rows = 0
  #characters = 0

  constructor(runs: number, counts: JoinCounts, mostRows: number) {
    this.#runs = runs
    this.#counts = counts
    this.#mostRows = mostRows
  }

  /** From now on no row of this run comes. */
  end(run: number): void {
    this.#ended.add(run)
  }

  /** The rows of all runs, where this was the last one that was missing. */
  add(key: string, run: number, row: RowView): JoinedRows | undefined {
    const queues = this.#queues.get(key) ?? Array.from({ length: this.#runs }, rowQueue)
    const place = queues[run]?.length() ?? 0
    // A partner that can no longer come is not waited for.
    if (queues.some((queue, other) => other !== run && this.#ended.has(other) && queue.length() <= place)) {
      this.#countAlone(run, 1)
      return undefined
    }
    queues[run]?.add(row)
    if (queues.every((queue) => queue.length() > 0)) return this.#take(key, queues, row)
    this.#queues.set(key, queues)
    this.#hold(row)
    return undefined
  }

  /** What still waits at the end has no partner in some run. */
  countRest(): void {
    for (const queues of this.#queues.values()) {
      for (const [run, queue] of queues.entries()) this.#countAlone(run, queue.length())
    }
  }

  #take(key: string, queues: readonly RowQueue[], last: RowView): JoinedRows {
    const joined = queues.map((queue) => queue.take())
    for (const row of joined) {
      if (row === last) continue
      this.#rows -= 1
      this.#characters -= charactersOf(row)
    }
    if (queues.every((queue) => queue.length() === 0)) this.#queues.delete(key)
    return joined
  }

  #countAlone(run: number, rows: number): void {
    this.#counts.alone[run] = (this.#counts.alone[run] ?? 0) + rows
  }

  #hold(row: RowView): void {
    this.#rows += 1
    this.#characters += charactersOf(row)
    if (this.#rows <= this.#mostRows && this.#characters <= MOST_HELD_CHARACTERS) return
    throw new LlmBatchError(
      'usage',
      `the runs have their rows in too different an order: ${this.#rows} rows wait in memory for their partners`,
      { next: 'Sort the inputs in the same order; then the number of rows does not matter.' },
    )
  }
}

/** Rows of one run and key, first in, first out. */
interface RowQueue {
  length(): number
  add(row: RowView): void
  /** Only where there is one. */
  take(): RowView
}

function rowQueue(): RowQueue {
  const rows = new Map<number, RowView>()
  let first = 0
  return {
    length: () => rows.size,
    add: (row) => void rows.set(first + rows.size, row),
    take() {
      const row = rows.get(first)
      if (!row) throw new RangeError('nothing waits here')
      rows.delete(first)
      first += 1
      return row
    },
  }
}

function charactersOf({ row }: RowView): number {
  return row.json.length + (outputOf(row) ?? '').length
}

/** Rows one at a time from lists of them. */
function rowReader(stream: RowStream): { next(): Promise<RowView | undefined>; close(): Promise<void> } {
  const lists = stream[Symbol.asyncIterator]()
  let list: readonly RowView[] = []
  let taken = 0
  return {
    async next() {
      while (taken >= list.length) {
        const read = await lists.next()
        if (read.done) return undefined
        list = read.value
        taken = 0
      }
      taken += 1
      return list[taken - 1]
    },
    async close() {
      await lists.return?.()
    },
  }
}
