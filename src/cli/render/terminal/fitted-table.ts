import { plainLine } from '../../../lib/plain-text.ts'
import type { Colors } from './colors.ts'
import { columnWidths } from './column-widths.ts'
import { renderTable } from './table.ts'
import { displayWidth, fitted } from './width.ts'

/** A column of a table that is cut to the width of a terminal. */
export interface FittedColumn<Row> {
  readonly title: string
  readonly isNumeric?: boolean
  /** What it holds in a row: any text, also of a model. */
  readonly text: (row: Row) => string
  /** Colours a text that was cut already. */
  readonly paint?: (text: string, row: Row) => string
  /** True where a cut text is worth nothing, such as an id to be typed. @default false */
  readonly isWhole?: boolean
  /** The first to go where there is no room for all. @default false */
  readonly isOptional?: boolean
}

/** Cells between two columns, as the table sets them. */
const GAP = 2

/** A column with less is not worth showing. */
const LEAST_CELLS = 8

/** Cells of a column's text that are looked at; more cannot be shown. */
const MOST_CELLS = 400

/**
 * A table no wider than this. Texts are made harmless and cut; columns that are empty in every row are left out, and
 * optional ones, the last first, where they would have too little room. No line feed at the end.
 */
export function renderFittedTable<Row>(
  columns: readonly FittedColumn<Row>[],
  rows: readonly Row[],
  width: number,
  colors: Colors,
): string {
  const most = Math.min(width, MOST_CELLS)
  const filled = columns
    .map((column) => ({ column, texts: rows.map((row) => plainLine(column.text(row), most)) }))
    .filter(({ texts }) => texts.some((text) => text !== ''))
  const shown = withRoom(filled, width)
  const widths = widthsOf(shown, width)
  const table = rows.map((row, place) =>
    shown.map(({ column, texts }, index) => {
      const text = fitted(texts[place] ?? '', widths[index] ?? 0)
      return column.paint ? column.paint(text, row) : text
    }),
  )
  const titles = shown.map(({ column: { isNumeric = false, title } }, index) => ({
    title: fitted(plainLine(title, most), widths[index] ?? 0),
    isNumeric,
  }))
  return renderTable(titles, table, colors)
}

interface FilledColumn<Row> {
  readonly column: FittedColumn<Row>
  readonly texts: readonly string[]
}

function withRoom<Row>(columns: readonly FilledColumn<Row>[], width: number): readonly FilledColumn<Row>[] {
  const widths = widthsOf(columns, width)
  const isTight = columns.some((column, index) => (widths[index] ?? 0) < Math.min(LEAST_CELLS, wantedCells(column)))
  const last = columns.findLastIndex(({ column }) => column.isOptional === true)
  if (!isTight || last < 0) return columns
  return withRoom(columns.toSpliced(last, 1), width)
}

/** The cells of each column: whole ones get what they want, the others share what is left. */
function widthsOf<Row>(columns: readonly FilledColumn<Row>[], width: number): readonly number[] {
  const wanted = columns.map((filled) => ({ cells: wantedCells(filled), isWhole: filled.column.isWhole === true }))
  const taken = wanted.reduce((sum, { cells, isWhole }) => sum + (isWhole ? cells : 0), 0)
  const others = wanted.filter(({ isWhole }) => !isWhole).map(({ cells }) => cells)
  const shared = [...columnWidths(others, width - GAP * (columns.length - 1) - taken)]
  return wanted.map(({ cells, isWhole }) => (isWhole ? cells : (shared.shift() ?? 0)))
}

function wantedCells<Row>({ column, texts }: FilledColumn<Row>): number {
  return Math.max(displayWidth(column.title), ...texts.map(displayWidth))
}
