import { jsonMembers } from '../lib/json-members.ts'
import { cellText, isFormula, quoted } from './csv-format.ts'
import { jsonText, openObject } from './jsonl-format.ts'

/** A row's own JSON with the values of the added columns, in their order. */
export interface AddedValues {
  readonly json: string
  readonly values: readonly (string | number | null)[]
}

/** How rows with columns of another kind than the answers' are written. */
export interface AddedColumnsFormat {
  /** Line feed included; empty where there is no header. */
  readonly header: string
  line(row: AddedValues): string
  /** Cells written so far that a spreadsheet would take for a formula. */
  readonly formulaCells: number
}

export interface AddedColumnsOptions {
  readonly format: 'jsonl' | 'csv'
  /** The input's columns, in order; used by CSV only. */
  readonly columns: readonly string[]
  readonly added: readonly string[]
  /** Puts `'` before cells of the added columns that a spreadsheet would take for a formula. */
  readonly excelSafe: boolean
}

/** Rows of the input, their bytes as they were, with further columns behind their own. */
export function addedColumnsFormat(options: AddedColumnsOptions): AddedColumnsFormat {
  return options.format === 'csv' ? csvLines(options) : jsonLines(options)
}

function jsonLines({ added }: AddedColumnsOptions): AddedColumnsFormat {
  const names = added.map((name) => `${jsonText(name)}:`)
  return {
    header: '',
    line: ({ json, values }) =>
      `${openObject(json)}${names.map((name, place) => name + jsonText(values[place] ?? null)).join(',')}}\n`,
    formulaCells: 0,
  }
}

function csvLines({ added, columns, excelSafe }: AddedColumnsOptions): AddedColumnsFormat {
  let formulaCells = 0

  function addedCell(value: string | number | null): string {
    const text = value === null ? '' : String(value)
    if (typeof value !== 'string' || !isFormula(text)) return quoted(text)
    formulaCells += 1
    return quoted(excelSafe ? `'${text}` : text)
  }

  return {
    header: `${[...columns.map(quoted), ...added.map(addedCell)].join(',')}\n`,
    line({ json, values }) {
      const members = jsonMembers(json)
      const own = columns.map((column) => quoted(cellText(json, members.get(column))))
      return `${[...own, ...values.map(addedCell)].join(',')}\n`
    },
    get formulaCells() {
      return formulaCells
    },
  }
}
