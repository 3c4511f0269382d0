import type { RowOutcome } from '../model/row.ts'
import type { LineFormat } from './line-format.ts'
import type { ByteSink, RowWriter } from './row-writer.ts'

/** Writes a format whose file is text, row after row. */
export function textWriter<Row = RowOutcome>(format: LineFormat<Row>, sink: ByteSink): RowWriter<Row> {
  let isBegun = false

  async function begin(): Promise<void> {
    if (isBegun) return
    isBegun = true
    await write(format.header)
  }

  async function write(text: string): Promise<void> {
    if (!sink.tryText(text)) await sink.writeText(text)
  }

  return {
    async add(rows) {
      await begin()
      for (const row of rows) {
        const line = format.line(row)
        // Waiting for a promise a line costs more than the line.
        if (!sink.tryText(line)) await sink.writeText(line)
      }
    },
    async finish() {
      await begin()
      await write(format.footer ?? '')
    },
    get formulaCells() {
      return format.formulaCells
    },
  }
}
