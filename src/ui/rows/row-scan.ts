import type { RowsAt } from '../../log/at/rows-at.ts'
import type { BatchPlan } from '../../log/batch-plan.ts'
import { isReopened } from '../../model/reopening.ts'
import type { RunRows, StandingRow } from '../../results/run-rows.ts'
import type { BatchRecord } from '../../store/port/batch.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { type AskedFilter, fits, groupMayFit, holds } from './row-filter.ts'

/** What one request looks at: rows by their outcomes, and, for a search, rows with their texts. */
const MOST_ROWS = 40_000
const MOST_SEARCHED_ROWS = 2_000
const MOST_SEARCHED_BYTES = 16 * 1_024 * 1_024

/** A scan for one page of rows. */
interface Scan {
  readonly rows: RunRows
  readonly run: RunRecord
  readonly batches: readonly BatchRecord[]
  readonly filter: AskedFilter
  readonly from: number
  readonly limit: number
}

/** Rows that fit, in order, and up to where was looked; their texts are not read yet. */
export interface Scanned {
  readonly found: readonly StandingRow[]
  readonly lookedTo: number
}

/**
 * Looks for rows that fit, from a row on, until there are enough or a bounded piece was looked at. Blocks of rows are leapt
 * over where the counts of their batches tell that none can fit; that costs nothing, so a rare outcome is found at once.
 */
export async function scanRows(scan: Scan): Promise<Scanned> {
  const { batches, filter, from, limit, rows } = scan
  const frozen = await rows.frozen()
  const leaps = await Leaps.of(scan)
  const found: StandingRow[] = []
  const most = filter.q === undefined ? MOST_ROWS : MOST_SEARCHED_ROWS
  let looked = 0
  let bytes = 0
  let place = from
  while (place < frozen.rowCount && looked < most && bytes < MOST_SEARCHED_BYTES) {
    place = leaps.over(frozen, place)
    if (place >= frozen.rowCount) break
    const end = Math.min(frozen.block(frozen.blockOf(place)).rowEnd, frozen.rowCount)
    const block = await rows.standing(await frozen.read(place, end, filter.q !== undefined), batches)
    const candidates = block.filter((row) => fits(row, filter))
    const fitting = await searched(scan, candidates)
    for (const row of fitting) {
      if (found.push(row) === limit) return { found, lookedTo: row.at.row + 1 }
    }
    looked += end - place
    bytes += bytesOf(candidates)
    place = end
  }
  return { found, lookedTo: Math.min(place, frozen.rowCount) }
}

/** A record may have megabytes, and rows that were found wait for the others. */
function withoutText(row: StandingRow): StandingRow {
  return { ...row, at: { ...row.at, json: null } }
}

/** Bytes of texts that a search has read. */
function bytesOf(rows: readonly StandingRow[]): number {
  return rows.reduce((sum, { at, request }) => sum + (at.json?.length ?? 0) + (request?.newest.result?.length ?? 0), 0)
}

async function searched({ filter, rows, run }: Scan, block: readonly StandingRow[]): Promise<readonly StandingRow[]> {
  const { q } = filter
  if (q === undefined || block.length === 0) return block
  const found: StandingRow[] = []
  for await (const part of rows.answers(block, run)) {
    found.push(...part.filter(([, outcome]) => holds(outcome, q)).map(([row]) => withoutText(row)))
  }
  return found
}

/** Batches that may hold rows that fit, with their requests. */
type Plans = readonly (readonly [BatchRecord, BatchPlan])[]

/** Requests that may fit, by the batches that they stand with. */
class Leaps {
  /** Null where nothing can be leapt over. */
  readonly #plans: Plans | null
  /** True where rows without a request of their own may fit. */
  readonly #looksAtOthers: boolean

  private constructor(plans: Plans | null, looksAtOthers: boolean) {
    this.#plans = plans
    this.#looksAtOthers = looksAtOthers
  }

  static async of({ batches, filter, rows, run }: Scan): Promise<Leaps> {
    const { asked, batch, code, status } = filter
    if (status.length === 0 && code === undefined && batch === undefined && asked === undefined)
      return new Leaps(null, true)
    const holding = batches.filter((record) => mayHold(record, run, filter))
    const plans = await Promise.all(holding.map(async (record) => [record, await rows.log.planOf(record)] as const))
    const skipped = status.length === 0 ? batch === undefined && asked === undefined : status.includes('skipped')
    const hasShared = batches.some(({ tally }) => tally.some((group) => group.rows > group.requests))
    return new Leaps(plans, skipped || hasShared)
  }

  /** The first row from `row` on that may fit, or the beginning of its block; the number of rows where there is none. */
  over(frozen: RowsAt, row: number): number {
    if (this.#plans === null) return row
    let number = frozen.blockOf(row)
    let next = this.#next(frozen.block(number).request)
    for (; number < frozen.blockCount; number += 1) {
      const block = frozen.block(number)
      const isPlain = block.rowEnd - block.row === block.requestEnd - block.request
      if (this.#looksAtOthers && !isPlain) return Math.max(row, block.row)
      if (next < block.request) next = this.#next(block.request)
      if (next < block.requestEnd) return Math.max(row, block.row)
    }
    return frozen.rowCount
  }

  /** The first request from `ordinal` on that may fit. */
  #next(ordinal: number): number {
    let least = Number.POSITIVE_INFINITY
    for (const [{ lastOrdinal }, plan] of this.#plans ?? []) {
      if (lastOrdinal < ordinal) continue
      const index = plan.firstFrom(ordinal)
      if (index < plan.length) least = Math.min(least, plan.ordinalAt(index))
    }
    return least
  }
}

function mayHold(record: BatchRecord, { reopenings }: RunRecord, filter: AskedFilter): boolean {
  const { asked, batch } = filter
  if (batch !== undefined && record.number !== batch) return false
  // What a plain plan holds was never sent before, and not asked anew.
  if (asked !== undefined && asked > 1 && record.plan === null) return false
  // A batch holds rows that newer ones have taken over, which are counted there.
  if (batch !== undefined) return true
  return record.tally.some((group) =>
    groupMayFit(
      group,
      reopenings.some((reopening) => isReopened(reopening, group, record.number)),
      filter,
    ),
  )
}
