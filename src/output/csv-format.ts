import { type JsonMember, jsonMembers, stringValue } from '../lib/json-members.ts'
import { answerOf, type CostOf } from './answer.ts'
import { ANSWER_COLUMNS, type AnswerColumn, answerColumns } from './answer-columns.ts'
import type { LineFormat } from './line-format.ts'

/** RFC 4180 asks for quotes around these; white space at either end is quoted because many readers trim it. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

/** What spreadsheets take for the beginning of a formula, by OWASP ASVS 1.2.10. */
const FORMULA_START = /^[=+\-@\t\r]/

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** Columns whose text comes from outside, from the model or the provider; the id is the user's own. */
const FOREIGN_COLUMNS: ReadonlySet<AnswerColumn> = new Set(['output', 'error', 'finish_reason', 'model'])

export interface CsvOptions {
  /** The input's columns, in order. */
  readonly columns: readonly string[]
  readonly prefix: string
  /** Puts `'` before foreign cells that a spreadsheet would take for a formula. Input columns are never touched. */
  readonly excelSafe: boolean
  readonly costOf: CostOf
}

/**
 * CSV by RFC 4180, but with bare line feeds between records, as most tools outside Windows write. Nested values are
 * JSON, numbers keep the text they had, null and absent are empty.
 */
export function csvFormat(options: CsvOptions): LineFormat {
  const { columns, prefix, excelSafe, costOf } = options
  let formulaCells = 0

  function answerCell(column: AnswerColumn, value: string | number | null): string {
    if (typeof value !== 'string') return value === null ? '' : String(value)
    if (!FOREIGN_COLUMNS.has(column) || !isFormula(value)) return quoted(value)
    formulaCells += 1
    return quoted(excelSafe ? `'${value}` : value)
  }

  return {
    header: `${[...columns, ...answerColumns(prefix)].map(quoted).join(',')}\n`,
    line(row) {
      const members = jsonMembers(row.json)
      const answer = answerOf(row, costOf)
      const own = columns.map((column) => quoted(cellText(row.json, members.get(column))))
      const ours = ANSWER_COLUMNS.map((column) => answerCell(column, answer[column]))
      return `${[...own, ...ours].join(',')}\n`
    },
    get formulaCells() {
      return formulaCells
    },
  }
}

/** What a CSV cell holds of a row's own value. */
export function cellText(json: string, member: JsonMember | undefined): string {
  if (member === undefined) return ''
  const { start, end } = member
  if (json[start] === '"') return stringValue(json, start, end)
  const text = json.slice(start, end)
  return text === 'null' ? '' : text
}

/** A CSV cell, in quotes where it needs them. */
export function quoted(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** True for a cell that a spreadsheet would run. */
export function isFormula(text: string): boolean {
  return FORMULA_START.test(text) && !NUMBER.test(text)
}
