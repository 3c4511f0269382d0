import { isJsonObject } from '../lib/json.ts'
import { messageOf } from '../model/error.ts'
import type { ReadRow } from '../model/row.ts'

/** Rows gathered before they are handed on. */
const ROWS_PER_LIST = 1_000

/** Characters of JSON gathered before they are handed on, where rows are large. */
const CHARACTERS_PER_LIST = 1_000_000

/**
 * Reads rows from memory or from a generator of the user's: every value must be an object that JSON can carry. `line`
 * is the record's number, from 1; `record` is the user's own object, which a prompt function then receives.
 */
export async function* readIterable(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncIterable<readonly ReadRow[]> {
  let list: ReadRow[] = []
  let characters = 0
  let line = 0
  for await (const value of rows) {
    line += 1
    const read = readValue(value, line)
    list.push(read)
    characters += 'row' in read ? read.row.json.length : 0
    if (list.length < ROWS_PER_LIST && characters < CHARACTERS_PER_LIST) continue
    yield list
    list = []
    characters = 0
  }
  if (list.length > 0) yield list
}

function readValue(value: unknown, line: number): ReadRow {
  if (!isJsonObject(value)) {
    return { problem: { code: 'not_an_object', line, detail: `the row is ${kindOf(value)}, not an object` } }
  }
  try {
    // The type of JSON.stringify hides that objects with a toJSON method may give undefined.
    const json: string | undefined = JSON.stringify(value)
    if (json?.startsWith('{')) return { row: { line, json, record: value } }
    return { problem: { code: 'not_an_object', line, detail: 'the row cannot be written as a JSON object' } }
  } catch (error) {
    return { problem: { code: 'invalid_json', line, detail: `the row cannot be written as JSON: ${messageOf(error)}` } }
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
