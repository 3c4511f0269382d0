import { sliceProperty } from '../lib/json-slice.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import type { Row } from '../model/row.ts'

/** The id a user gave a row, or what is wrong with it. */
export type RowId = { readonly id: string } | { readonly problem: Problem }

/**
 * The user's id in this column, as text. Numbers are taken as they are written, so that 12345678901234567890 keeps
 * all its digits; only text and numbers are ids.
 */
export function readRowId(row: Row, column: string, code: ProblemCode): RowId {
  const value = Object.hasOwn(row.record, column) ? row.record[column] : undefined
  if (typeof value === 'string' && value !== '') return { id: value }
  if (typeof value === 'number') return { id: sliceProperty(row.json, column) ?? String(value) }
  const found =
    value === undefined ? 'is absent' : value === '' || value === null ? 'is empty' : 'is neither a text nor a number'
  return { problem: { code, line: row.line, detail: `the id in "${column}" ${found}` } }
}
