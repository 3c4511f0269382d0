import type { CaseReport } from '../tally.ts'

/** A planted defect and the first case that showed it. */
export interface CaughtMutant {
  readonly name: string
  readonly caught: Pick<CaseReport, 'name' | 'violations'> | null
}
