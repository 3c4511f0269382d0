import { plainText } from '../../../lib/plain-text.ts'
import { answerId, statusOf } from '../../../output/answer.ts'
import type { RowView } from '../../../results/row-view.ts'
import type { ShownColumn } from '../../results/shown-columns.ts'
import type { Colors } from '../terminal/colors.ts'
import { renderFacts } from '../terminal/facts.ts'
import { type FittedColumn, renderFittedTable } from '../terminal/fitted-table.ts'

/** Rows as a table no wider than this. */
export function renderRowTable(
  rows: readonly RowView[],
  columns: readonly ShownColumn[],
  width: number,
  colors: Colors,
): string {
  return `${renderFittedTable(fittedColumns(rows, columns, colors), rows, width, colors)}\n`
}

function fittedColumns(
  rows: readonly RowView[],
  columns: readonly ShownColumn[],
  colors: Colors,
): readonly FittedColumn<RowView>[] {
  return [
    { title: placeTitle(rows), text: ({ row }) => answerId(row) },
    {
      title: 'status',
      text: ({ row }) => statusOf(row),
      paint: (text, { row }) => paintStatus(text, statusOf(row), colors),
    },
    ...columns.map(({ isOptional, paint, text, title }) => ({
      title,
      text,
      isOptional,
      ...(paint === 'error' ? { paint: (cut: string) => colors.red(cut) } : {}),
    })),
  ]
}

/** Rows one below the other, with whole texts. */
export function renderWholeRows(rows: readonly RowView[], columns: readonly ShownColumn[], colors: Colors): string {
  return rows.map((row) => wholeRow(row, columns, colors)).join('\n')
}

function wholeRow(row: RowView, columns: readonly ShownColumn[], colors: Colors): string {
  const status = statusOf(row.row)
  const title = `${placeTitle([row])} ${plainText(answerId(row.row)).replaceAll('\n', ' ')}`
  const facts = columns.map(({ text, title: label }): readonly [string, string | null] => [
    plainText(label),
    plainText(text(row)).trimEnd() || null,
  ])
  return `${colors.bold(title)}, ${paintStatus(status, status, colors)}\n${renderFacts(facts, colors)}`
}

/** The heading of the first column: a row without an id is known by its line. */
function placeTitle(rows: readonly RowView[]): string {
  return rows.some(({ row }) => row.id !== null) ? 'id' : 'line'
}

/** A status, or what was left of it, in the colour of the status. */
export function paintStatus(text: string, status: string, colors: Colors): string {
  if (status === 'succeeded') return colors.green(text)
  if (status === 'pending') return colors.dim(text)
  return status === 'refused' || status === 'truncated' || status === 'invalid' ? colors.yellow(text) : colors.red(text)
}
