import type { RequestState } from '../model/tally.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { RunLog } from './run-log.ts'

/** Rows by where they stand. */
export type StandingRows = ReadonlyMap<RequestState, number>

/** Counts the rows of a run once more, from the files of its batches. */
export async function countByMerge(log: RunLog): Promise<StandingRows> {
  const weights = await log.weights()
  const counts = new Map<RequestState, number>()
  for await (const page of log.pages()) {
    for (const { ordinal, state } of page) add(counts, state, weights.isEven ? 1 : weights.rowsOf(ordinal))
  }
  return counts
}

/** Adds up what stands with the batches. */
export function countByBatch(batches: readonly BatchRecord[]): StandingRows {
  const counts = new Map<RequestState, number>()
  for (const { tally } of batches) for (const { rows, state } of tally) add(counts, state, rows)
  return counts
}

/** What two counts of the same rows differ in, in words; null where they agree. */
export function differenceOf(one: StandingRows, other: StandingRows): string | null {
  const states = [...new Set([...one.keys(), ...other.keys()])]
  const parts = states
    .filter((state) => (one.get(state) ?? 0) !== (other.get(state) ?? 0))
    .map((state) => `${one.get(state) ?? 0} instead of ${other.get(state) ?? 0} ${state}`)
  return parts.length === 0 ? null : parts.join(', ')
}

function add(counts: Map<RequestState, number>, state: RequestState, rows: number): void {
  if (rows > 0) counts.set(state, (counts.get(state) ?? 0) + rows)
}
