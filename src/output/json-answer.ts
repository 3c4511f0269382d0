import { type JsonMember, jsonElements, jsonMembers, stringValue } from '../lib/json-members.ts'
import type { RowOutcome } from '../model/row.ts'

/**
 * The answer of a row as JSON text on one line, where the run's answers are JSON: only what succeeded counts, anything
 * else stays the text that came. Null where it is not JSON.
 */
export function jsonAnswer({ result }: RowOutcome): string | null {
  if (result === null || result.outcome.status !== 'succeeded') return null
  if (result.structured !== null) return result.structured.json
  const { isJson, output } = result.outcome
  return isJson || output === null ? output : jsonOnOneLine(output)
}

/** The text where it is JSON, on one line: a line break in it can only stand between its parts. Null where it is none. */
export function jsonOnOneLine(text: string): string | null {
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  return text.trim().replace(/[\r\n]/g, ' ')
}

/** The JSON text of what lies at a path in objects and lists, whose keys are places; undefined where there is nothing. */
export function valueAt(json: string, path: readonly string[]): string | undefined {
  let text = json
  for (const name of path) {
    const member = memberAt(text, name)
    if (!member) return undefined
    text = text.slice(member.start, member.end)
  }
  return text
}

function memberAt(text: string, name: string): JsonMember | undefined {
  if (text.startsWith('{')) return jsonMembers(text).get(name)
  return text.startsWith('[') && /^\d+$/.test(name) ? jsonElements(text)[Number(name)] : undefined
}

/** The JSON text of a part of a column of the input, which may hold JSON or the text of it; undefined where there is none. */
export function partOf(row: string, column: string, path: readonly string[]): string | undefined {
  const member = jsonMembers(row).get(column)
  if (!member) return undefined
  if (row[member.start] !== '"') return valueAt(row.slice(member.start, member.end), path)
  const json = jsonOnOneLine(stringValue(row, member.start, member.end))
  return json === null ? undefined : valueAt(json, path)
}
