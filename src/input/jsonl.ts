import { isUtf8 } from 'node:buffer'
import { isBlank, type Line, splitLines } from '../lib/jsonl.ts'
import { peekBytes } from '../lib/peek.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import type { ReadRow } from '../model/row.ts'
import { ENCODING_HEAD_BYTES, utf8Bytes } from './encoding.ts'
import { isJsonArray, readJsonArray } from './json-array.ts'
import { readRecord } from './json-record.ts'
import type { Reader } from './reader.ts'

/**
 * Reads JSON lines: one object per line, blank lines ignored, a last line without line feed accepted. The row keeps
 * the user's own text, so that big integers, key order and duplicate keys survive. A JSON list of objects is read, too.
 */
export const readJsonLines: Reader = async function* (source, options) {
  const { all, head } = await peekBytes(await utf8Bytes(source, options.encoding), ENCODING_HEAD_BYTES)
  if (isJsonArray(head)) {
    yield* readJsonArray(all, source.name, options.maxLineBytes)
    return
  }
  for await (const lines of splitLines(all, options)) {
    const rows: ReadRow[] = []
    for (const line of lines) {
      if (isBlank(line.bytes) && !line.isTooLong) continue
      rows.push(readLine(line, options.maxLineBytes))
    }
    if (rows.length > 0) yield rows
  }
}

function readLine(line: Line, maxLineBytes: number): ReadRow {
  if (line.isTooLong) {
    return problem(line, 'line_too_long', `the line is longer than ${maxLineBytes} bytes`)
  }
  if (!isUtf8(line.bytes)) {
    return problem(line, 'invalid_encoding', 'the line is not UTF-8 text; name its encoding, for example windows-1252')
  }
  const { buffer, byteOffset, length } = line.bytes
  return readRecord(Buffer.from(buffer, byteOffset, length).toString('utf8'), line.number)
}

function problem(line: Line, code: ProblemCode, detail: string): { readonly problem: Problem } {
  return { problem: { code, line: line.number, detail } }
}
