import type { Colors } from './colors.ts'
import { displayWidth } from './width.ts'

/** A column of a table: its heading, and whether it holds numbers, which are set to the right. */
export interface TableColumn {
  readonly title: string
  readonly isNumeric?: boolean
}

const GAP = '  '

/** Aligned columns under dim headings, without borders, so that lines can be cut by other tools. No line feed at the end. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  colors: Colors,
): string {
  const head = columns.map(({ title }) => colors.dim(title))
  const lines = [head, ...rows].flatMap(linesOf).map((cells) => cells.map(measured))
  const widths = columns.map((_, column) => lines.reduce((most, cells) => Math.max(most, cells[column]?.width ?? 0), 0))
  return lines
    .map((cells) =>
      cells
        .map(({ text, width }, column) => {
          const rest = ' '.repeat((widths[column] ?? width) - width)
          return columns[column]?.isNumeric === true ? rest + text : text + rest
        })
        .join(GAP)
        .trimEnd(),
    )
    .join('\n')
}

/** A row takes as many lines as the highest of its cells. */
function linesOf(cells: readonly string[]): readonly (readonly string[])[] {
  const parts = cells.map((cell) => cell.split('\n'))
  const height = parts.reduce((most, { length }) => Math.max(most, length), 1)
  return Array.from({ length: height }, (_, line) => parts.map((part) => part[line] ?? ''))
}

function measured(text: string) {
  return { text, width: displayWidth(text) }
}
