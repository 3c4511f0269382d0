import type { LineFormat } from './line-format.ts'
import type { ByteSink, RowWriter } from './row-writer.ts'

/** Characters gathered before they are handed on; more does not make it faster. */
const PIECE_CHARACTERS = 1 << 16

/** Writes a format whose file is a line for each row. */
export function textWriter(format: LineFormat, sink: ByteSink): RowWriter {
  let piece = format.header
  return {
    async add(rows) {
      for (const row of rows) {
        piece += format.line(row)
        if (piece.length < PIECE_CHARACTERS) continue
        await sink.writeText(piece)
        piece = ''
      }
    },
    async finish() {
      if (piece !== '') await sink.writeText(piece)
    },
    get formulaCells() {
      return format.formulaCells
    },
  }
}
