import type { PortionRecord } from '../store/port/run.ts'

/** How many rows these are together. */
export function rowsIn(portions: readonly Pick<PortionRecord, 'rowCount'>[]): number {
  return portions.reduce((sum, { rowCount }) => sum + rowCount, 0)
}
