import type { Problem } from '../../model/problem.ts'
import type { Row } from '../../model/row.ts'
import { problemOf } from '../build-result.ts'
import type { Filled } from '../templates/template.ts'

/** What kept templates from being filled from a row, each thing once. */
export function fillingProblems(row: Row, filled: readonly Filled[]): readonly Problem[] {
  const missing = new Set(filled.flatMap((one) => one.missing))
  const failures = new Set(filled.flatMap(({ failure }) => (failure === undefined ? [] : [failure])))
  return [
    ...[...missing].map((name) => missingColumn(row, name)),
    ...[...failures].map((failure) => problemOf(row, 'template_failed', `the template cannot be filled: ${failure}`)),
  ]
}

/** A row may bring a system message, or all may be given one. */
export function systemContradiction(row: Row): Problem {
  const detail = 'the row and the run both have a system message; leave one out'
  return problemOf(row, 'system_contradiction', detail)
}

/** A column that a row was expected to have. */
export function missingColumn(row: Row, name: string): Problem {
  const columns = Object.keys(row.record)
  const there = columns.length > 0 ? `the columns are: ${columns.slice(0, 20).join(', ')}` : 'the row has no columns'
  return problemOf(row, 'missing_column', `no column "${name}"; ${there}${columns.length > 20 ? ', …' : ''}`)
}
