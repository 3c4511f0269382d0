import { isJsonObject } from '../lib/json.ts'
import { messageOf } from '../model/error.ts'
import type { ReadRow } from '../model/row.ts'

/** JSON text that should be one object, as the row of a line. The row keeps the user's own text. */
export function readRecord(text: string, line: number): ReadRow {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch (error) {
    return { problem: { code: 'invalid_json', line, detail: `not valid JSON: ${messageOf(error)}` } }
  }
  if (isJsonObject(record)) return { row: { line, json: text.trim(), record } }
  return { problem: { code: 'not_an_object', line, detail: 'the line is valid JSON, but not an object' } }
}
