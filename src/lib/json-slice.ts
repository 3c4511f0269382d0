import { jsonMembers } from './json-members.ts'

/**
 * The source text of a top-level property's value, or undefined where the object has none: what the user wrote, so
 * that numbers beyond 2^53, key order and escapes stay as they were. Of duplicate names the last counts, as for
 * `JSON.parse`. The text must be a valid JSON object.
 */
export function sliceProperty(json: string, name: string): string | undefined {
  const member = jsonMembers(json).get(name)
  return member && json.slice(member.start, member.end)
}
