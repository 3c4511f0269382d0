import { jsonMembers } from '../lib/json-members.ts'
import type { RowOutcome } from '../model/row.ts'

/**
 * The answer of a row as JSON text on one line, where the run's answers are JSON: only what succeeded counts, anything
 * else stays the text that came. Null where it is no JSON.
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

/** The JSON text of what lies at a path in objects; undefined where there is nothing. */
export function valueAt(json: string, path: readonly string[]): string | undefined {
  let text = json
  for (const name of path) {
    if (!text.startsWith('{')) return undefined
    const member = jsonMembers(text).get(name)
    if (!member) return undefined
    text = text.slice(member.start, member.end)
  }
  return text
}
