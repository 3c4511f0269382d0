import { OUTCOME_STATUSES } from '../../../model/outcome.ts'
import type { RequestCounts } from '../../../store/port/batch.ts'
import type { Colors } from '../terminal/colors.ts'
import { count } from '../terminal/quantity.ts'

/** Rows whose outcome is known, skipped ones included. */
export function doneRows(counts: RequestCounts): number {
  return OUTCOME_STATUSES.reduce((sum, status) => sum + counts[status], counts.skipped)
}

/** Rows that have no outcome yet. */
export function openRows(counts: RequestCounts): number {
  return counts.pending + counts.batched
}

/** `9 succeeded`, `1 failed`: the outcomes above zero; what did not succeed stands out. */
export function describeOutcomes(counts: RequestCounts, colors: Colors): readonly string[] {
  return [...OUTCOME_STATUSES, 'skipped' as const]
    .filter((status) => counts[status] > 0)
    .map((status) => {
      const text = `${count(counts[status])} ${status}`
      return status === 'succeeded' ? text : colors.red(text)
    })
}

/** How far the provider says to be with batches whose results are still to come; nothing where it does not say. */
export function describeExecuted(executedThere: number): readonly string[] {
  return executedThere === 0 ? [] : [`${count(executedThere)} executed, results to come`]
}
