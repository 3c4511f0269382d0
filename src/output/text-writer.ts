import type { LineFormat } from './line-format.ts'
import type { ByteSink, RowWriter } from './row-writer.ts'

/** Writes a format whose file is a line for each row. */
export function textWriter(format: LineFormat, sink: ByteSink): RowWriter {
  let isBegun = format.header === ''

  async function begin(): Promise<void> {
    if (isBegun) return
    isBegun = true
    await sink.writeText(format.header)
  }

  return {
    async add(rows) {
      await begin()
      for (const row of rows) {
        const line = format.line(row)
        if (!sink.tryText(line)) await sink.writeText(line)
      }
    },
    finish: begin,
    get formulaCells() {
      return format.formulaCells
    },
  }
}
