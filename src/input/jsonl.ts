import { isUtf8 } from 'node:buffer'
import { isBlank, type Line, splitLines } from '../lib/jsonl.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { Problem, ProblemCode } from '../model/problem.ts'
import type { ReadRow } from '../model/row.ts'
import { canonicalEncoding, decodeText, detectEncoding, ENCODING_HEAD_BYTES, encodeUtf8 } from './encoding.ts'
import { peek } from './peek.ts'
import type { ByteSource, Reader } from './reader.ts'

const OPEN_BRACKET = 0x5b

/**
 * Reads JSON lines: one object per line, blank lines ignored, a last line without line feed accepted. The row keeps
 * the user's own text, so that big integers, key order and duplicate keys survive.
 */
export const readJsonLines: Reader = async function* (source, options) {
  const bytes = await utf8Bytes(source, options.encoding)
  let isBegun = false
  for await (const lines of splitLines(bytes, options)) {
    const rows: ReadRow[] = []
    for (const line of lines) {
      if (isBlank(line.bytes) && !line.isTooLong) continue
      if (!isBegun) refuseArray(line, source.name)
      isBegun = true
      rows.push(readLine(line, options.maxLineBytes))
    }
    if (rows.length > 0) yield rows
  }
}

/** UTF-8 passes through, to be checked line by line; anything else is decoded strictly. */
async function utf8Bytes(source: ByteSource, given: string | undefined): Promise<AsyncIterable<Uint8Array>> {
  const { head, all } = await peek(source.open(), ENCODING_HEAD_BYTES)
  const encoding = given === undefined ? detectEncoding(head) : canonicalEncoding(given)
  return encoding === 'utf-8' ? all : encodeUtf8(decodeText(all, encoding, source.name))
}

function refuseArray(line: Line, name: string): void {
  if (line.bytes.find((byte) => byte > 0x20) !== OPEN_BRACKET) return
  throw new LlmBatchError('input', `${name} is a JSON array, not JSON lines`, {
    next: 'Write one object per line, for example with: jq -c ".[]" array.json > rows.jsonl',
  })
}

function readLine(line: Line, maxLineBytes: number): ReadRow {
  if (line.isTooLong) {
    return problem(line, 'line_too_long', `the line is longer than ${maxLineBytes} bytes`)
  }
  if (!isUtf8(line.bytes)) {
    return problem(
      line,
      'invalid_encoding',
      'the line is not UTF-8 text; give the encoding, for example --encoding windows-1252',
    )
  }
  const { buffer, byteOffset, length } = line.bytes
  const text = Buffer.from(buffer, byteOffset, length).toString('utf8')
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch (error) {
    return problem(line, 'invalid_json', `not valid JSON: ${messageOf(error)}`)
  }
  if (!isRecord(record)) return problem(line, 'not_an_object', 'the line is valid JSON, but not an object')
  return { row: { line: line.number, json: text.trim(), record } }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function problem(line: Line, code: ProblemCode, detail: string): { readonly problem: Problem } {
  return { problem: { code, line: line.number, detail } }
}
