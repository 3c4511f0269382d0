import { jsonMembers } from '../lib/json-members.ts'
import { factsOf } from '../providers/known.ts'

/**
 * The same body with another limit of tokens for its answer: in the field that has it, or else in the one named. The rest
 * stays as it was, byte for byte.
 */
export function withTokenLimit(body: string, provider: string, field: string, maxTokens: number): string {
  const members = jsonMembers(body)
  const known = factsOf(provider)
    .limitFields.map((name) => members.get(name))
    .filter((member) => member !== undefined)
  if (known.length === 0) return appended(body, field, maxTokens, members.size === 0)
  return known
    .toSorted((one, other) => other.start - one.start)
    .reduce((json, { end, start }) => json.slice(0, start) + maxTokens + json.slice(end), body)
}

function appended(body: string, field: string, maxTokens: number, isEmpty: boolean): string {
  const end = body.lastIndexOf('}')
  return `${body.slice(0, end)}${isEmpty ? '' : ','}${JSON.stringify(field)}:${maxTokens}${body.slice(end)}`
}
