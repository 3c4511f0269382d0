import { type JsonMember, jsonMembers, stringValue } from '../lib/json-members.ts'
import type { RowOutcome } from '../model/row.ts'
import type { CostOf } from './answer.ts'
import type { AnswerShape } from './answer-shape.ts'
import { type AnswerValue, COLUMNS, type ColumnFacts } from './columns.ts'
import type { OutputField } from './fields.ts'
import { jsonAnswer, partOf, valueAt } from './json-answer.ts'
import type { LineFormat } from './line-format.ts'

/** What stands between two values of a line, by format. */
export const DELIMITERS = { csv: ',', tsv: '\t' } as const

export type Delimiter = (typeof DELIMITERS)[keyof typeof DELIMITERS]

/** RFC 4180 asks for quotes around these; white space at either end is quoted because many readers trim it. */
const NEEDS_QUOTES: Readonly<Record<Delimiter, RegExp>> = { ',': /[",\r\n]|^\s|\s$/, '\t': /["\t\r\n]|^\s|\s$/ }

/** Readers that guess the delimiter count these in the header. */
const LIKE_DELIMITERS = /[,;\t|]/

/**
 * What spreadsheets take for the beginning of a formula, by OWASP ASVS 1.2.10, and what they take for the same: full-width
 * signs, which some of them read as the plain ones, and a line feed, which they leave out.
 */
const FORMULA_START = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

export interface CsvOptions {
  readonly delimiter: Delimiter
  readonly fields: readonly OutputField[]
  readonly shape: AnswerShape
  /**
   * Puts `'` before foreign cells, and before names of our own columns, that a spreadsheet would take for a formula. Input
   * columns are never touched.
   */
  readonly excelSafe: boolean
  readonly costOf: CostOf
}

/**
 * CSV by RFC 4180, but with bare line feeds between records, as most tools outside Windows write; or the same with tabs
 * for commas. Nested values are JSON, numbers keep the text they had, null and absent are empty.
 */
export function csvFormat(options: CsvOptions): LineFormat {
  const { costOf, delimiter, excelSafe, fields, shape } = options
  const quoted = quoter(delimiter)
  const isJson = shape.kind === 'json'
  let formulaCells = 0

  function headerCell(name: string): string {
    return LIKE_DELIMITERS.test(name) ? inQuotes(name) : quoted(name)
  }

  function foreignCell(text: string): string {
    if (!isFormula(text)) return quoted(text)
    formulaCells += 1
    return quoted(excelSafe ? `'${text}` : text)
  }

  /** Parts of a schema become names of columns, and a schema may come from outside. */
  function ownHeader(name: string): string {
    if (!isFormula(name)) return headerCell(name)
    formulaCells += 1
    return headerCell(excelSafe ? `'${name}` : name)
  }

  function answerCell({ isForeign }: ColumnFacts, value: AnswerValue): string {
    if (typeof value !== 'string') return value === null ? '' : String(value)
    return isForeign ? foreignCell(value) : quoted(value)
  }

  function line(row: RowOutcome): string {
    const members = jsonMembers(row.json)
    const json = isJson ? jsonAnswer(row) : null
    const cells = fields.map((field) => {
      switch (field.kind) {
        case 'input':
          return quoted(cellText(row.json, members.get(field.name)))
        case 'answer': {
          const column = COLUMNS[field.column]
          const value = column.of(row, costOf)
          return answerCell(column, field.column === 'output' ? (json ?? value) : value)
        }
        case 'leaf':
          return foreignCell(textOf(valueAt(json ?? jsonAnswer(row) ?? '', field.path)))
        case 'part':
          return quoted(textOf(partOf(row.json, field.column, field.path)))
        case 'line':
          return String(row.line)
        case 'misfit':
          return ''
      }
    })
    return `${cells.join(delimiter)}\n`
  }

  return {
    header: `${fields.map(({ kind, name }) => (kind === 'input' ? headerCell(name) : ownHeader(name))).join(delimiter)}\n`,
    line,
    get formulaCells() {
      return formulaCells
    },
  }
}

function textOf(value: string | undefined): string {
  return value === undefined ? '' : cellText(value, { start: 0, end: value.length })
}

/** What a CSV cell holds of a row's own value. */
export function cellText(json: string, member: JsonMember | undefined): string {
  if (member === undefined) return ''
  const { start, end } = member
  if (json[start] === '"') return stringValue(json, start, end)
  const text = json.slice(start, end)
  return text === 'null' ? '' : text
}

/** Makes a cell of a text, in quotes where it needs them between such delimiters. */
export function quoter(delimiter: Delimiter): (text: string) => string {
  const needsQuotes = NEEDS_QUOTES[delimiter]
  return (text) => (needsQuotes.test(text) ? inQuotes(text) : text)
}

function inQuotes(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/** True for a cell that a spreadsheet would run. */
export function isFormula(text: string): boolean {
  return FORMULA_START.test(text) && !NUMBER.test(text)
}
