import type { BatchBar } from '../../src/ui/contract.ts'

/** A stretch of time over the width of a table. */
export interface TimeScale {
  /** Per cent from the left at which an instant stands. */
  place(at: number): number
  /** Instants to be named, each where a unit of time begins on the user's own clock. */
  readonly ticks: readonly number[]
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const STEPS_MS = [
  1_000,
  2_000,
  5_000,
  10_000,
  15_000,
  30_000,
  MINUTE_MS,
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
]

const MOST_TICKS = 4

/** The scale from the first thing to the last thing that happened to the batches, or to now where one is open. */
export function timeScale(batches: readonly BatchBar[], now: number): TimeScale {
  const start = Math.min(...batches.map(({ plannedAt }) => plannedAt))
  const ends = batches.map(({ endedAt, phase }) => endedAt ?? (phase === 'collected' ? start : now))
  const end = Math.max(...ends, start + 1_000)
  const length = end - start
  return { place: (at) => Math.min(100, Math.max(0, (100 * (at - start)) / length)), ticks: ticksOf(start, end) }
}

function ticksOf(start: number, end: number): readonly number[] {
  const step =
    STEPS_MS.find((each) => (end - start) / each <= MOST_TICKS) ??
    Math.ceil((end - start) / MOST_TICKS / DAY_MS) * DAY_MS
  const shift = new Date(start).getTimezoneOffset() * MINUTE_MS
  const first = Math.ceil((start - shift) / step) * step + shift
  const ticks: number[] = []
  // The last word would stand beyond the edge.
  for (let at = first; at < end - (end - start) * 0.12; at += step) ticks.push(at)
  return ticks
}
