import type { Evidence } from '../evidence.ts'
import { type Violation, violationOf } from '../violation.ts'

/** What must be true of machines that share a home: one process at a time changes a run, until it is dead or silent. */
export function judgeMachines({ shared }: Evidence): readonly Violation[] {
  if (shared === null) return []
  return [
    ...violationOf('written when fenced', 'transactions', shared.fencedWrites),
    ...violationOf('lock taken from a living process', 'times', shared.robberies),
  ]
}
