import { jsonMembers } from '../lib/json-members.ts'
import type { OutputFormat } from '../model/run.ts'
import { type AnswerValue } from './columns.ts'
import { cellText, DELIMITERS, type Delimiter, isFormula, quoter } from './csv-format.ts'
import { jsonArrayFormat } from './json-array-format.ts'
import { jsonText, openObject } from './jsonl-format.ts'
import type { LineFormat } from './line-format.ts'

/** A row's own JSON with the values of the added columns, in their order. */
export interface AddedValues {
  readonly json: string
  readonly values: readonly AnswerValue[]
}

/** Formats of files with further columns. */
export type AddedColumnsFormat = Exclude<OutputFormat, 'parquet' | 'sqlite' | 'provider'>

export interface AddedColumnsOptions {
  readonly format: AddedColumnsFormat
  /** The input's columns, in order; used by CSV and TSV only. */
  readonly columns: readonly string[]
  readonly added: readonly string[]
  /** Puts `'` before cells of the added columns that a spreadsheet would take for a formula. */
  readonly excelSafe: boolean
}

/** Rows of the input, their bytes as they were, with further columns behind their own. */
export function addedColumnsFormat(options: AddedColumnsOptions): LineFormat<AddedValues> {
  switch (options.format) {
    case 'jsonl':
      return jsonLines(options)
    case 'json':
      return jsonArrayFormat(jsonLines(options))
    case 'csv':
    case 'tsv':
      return separatedLines(options, DELIMITERS[options.format])
  }
}

function jsonLines({ added }: AddedColumnsOptions): LineFormat<AddedValues> {
  const names = added.map((name) => `${jsonText(name)}:`)
  return {
    header: '',
    line: ({ json, values }) =>
      `${openObject(json)}${names.map((name, place) => name + jsonText(values[place] ?? null)).join(',')}}\n`,
    formulaCells: 0,
  }
}

function separatedLines(
  { added, columns, excelSafe }: AddedColumnsOptions,
  delimiter: Delimiter,
): LineFormat<AddedValues> {
  const quoted = quoter(delimiter)
  let formulaCells = 0

  function addedCell(value: AnswerValue): string {
    const text = value === null ? '' : String(value)
    if (typeof value !== 'string' || !isFormula(text)) return quoted(text)
    formulaCells += 1
    return quoted(excelSafe ? `'${text}` : text)
  }

  return {
    header: `${[...columns.map(quoted), ...added.map(addedCell)].join(delimiter)}\n`,
    line({ json, values }) {
      const members = jsonMembers(json)
      const own = columns.map((column) => quoted(cellText(json, members.get(column))))
      return `${[...own, ...values.map(addedCell)].join(delimiter)}\n`
    },
    get formulaCells() {
      return formulaCells
    },
  }
}
