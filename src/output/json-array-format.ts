import type { LineFormat } from './line-format.ts'

/** The lines of JSON lines as one JSON list, which still has a row on each line. */
export function jsonArrayFormat<Row>(lines: LineFormat<Row>): LineFormat<Row> {
  let separator = '\n'
  return {
    header: '[',
    line(row) {
      const text = separator + lines.line(row).slice(0, -1)
      separator = ',\n'
      return text
    },
    footer: '\n]\n',
    formulaCells: 0,
  }
}
