import { jsonMembers, stringValue } from '../lib/json-members.ts'
import type { RowOutcome } from '../model/row.ts'
import { type CostOf, outputOf } from '../output/answer.ts'
import { type AnswerColumn, type AnswerValue, COLUMNS } from '../output/columns.ts'
import { type JsonAnswer, jsonAnswerOf, jsonText, valueAt } from './json-answer.ts'
import type { LookedColumn } from './row-columns.ts'

/** A row that is shown to the user. */
export interface RowView {
  readonly row: RowOutcome
  /** What one of our columns holds. */
  readonly answer: (column: AnswerColumn) => AnswerValue
  /** The answer where it is JSON; read when it is asked for. */
  readonly json: () => JsonAnswer | undefined
}

/** Content of a column in one row. */
export interface Cell {
  /** Text as it is, anything else as its JSON; empty for null and for what is absent. */
  readonly text: string
  /** The number, where it is one and was written as one; null for text and for integers beyond 2^53. */
  readonly number: number | null
}

const EMPTY: Cell = { text: '', number: null }

/** Makes rows into rows to look at; for one run. */
export function rowLooker(costOf: CostOf): (row: RowOutcome) => RowView {
  return (row) => {
    let json: JsonAnswer | undefined
    let isRead = false
    return {
      row,
      answer: (column) => COLUMNS[column].of(row, costOf),
      json: () => {
        if (!isRead) json = jsonAnswerOf(outputOf(row))
        isRead = true
        return json
      },
    }
  }
}

/** What a column holds in a row. */
export function cellOf({ answer, json, row }: RowView, column: LookedColumn): Cell {
  if (column.of === 'line') return cellFrom(row.line)
  if (column.of === 'answer')
    return cellFrom(column.path.length === 0 ? answer(column.name) : valueAt(json(), column.path))
  const source = sourceOf(row.json, column.name)
  if (source === undefined) return EMPTY
  if (column.path.length > 0) return cellFrom(valueAt(JSON.parse(source), column.path))
  if (source.startsWith('"')) return { text: stringValue(source, 0, source.length), number: null }
  return source === 'null' ? EMPTY : { text: source, number: exactNumber(Number(source)) }
}

/** The value's own text in the frozen row, so that long integers stay as they are. */
function sourceOf(json: string, name: string): string | undefined {
  const member = jsonMembers(json).get(name)
  return member && json.slice(member.start, member.end)
}

function cellFrom(value: unknown): Cell {
  if (value === null || value === undefined) return EMPTY
  if (typeof value === 'string') return { text: value, number: null }
  return { text: jsonText(value), number: typeof value === 'number' ? exactNumber(value) : null }
}

/** Two long integers may be one number. */
function exactNumber(value: number): number | null {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value : null
}
