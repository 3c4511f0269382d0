import { isUtf8 } from 'node:buffer'
import { isBlank, splitLines } from '../lib/jsonl.ts'
import type { ReadRow } from '../model/row.ts'
import { utf8Bytes } from './encoding.ts'
import type { Reader } from './reader.ts'

/** The column that holds a line of plain text. */
export const TEXT_COLUMN = 'text'

/** Reads plain text: each line is a row with the one column `text`; blank lines are ignored. */
export const readTextLines: Reader = async function* (source, options) {
  const bytes = await utf8Bytes(source, options.encoding)
  for await (const lines of splitLines(bytes, options)) {
    const rows: ReadRow[] = []
    for (const line of lines) {
      if (isBlank(line.bytes) && !line.isTooLong) continue
      const { isTooLong, number } = line
      if (isTooLong) {
        const detail = `the line is longer than ${options.maxLineBytes} bytes`
        rows.push({ problem: { code: 'line_too_long', line: number, detail } })
      } else if (isUtf8(line.bytes)) {
        const record = { [TEXT_COLUMN]: Buffer.from(line.bytes).toString('utf8') }
        rows.push({ row: { line: number, json: JSON.stringify(record), record } })
      } else {
        const detail = 'the line is not UTF-8 text; name its encoding, for example windows-1252'
        rows.push({ problem: { code: 'invalid_encoding', line: number, detail } })
      }
    }
    if (rows.length > 0) yield rows
  }
}
