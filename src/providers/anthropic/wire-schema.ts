import { isJsonObject, type JsonObject } from '../../lib/json.ts'

/** Rules for values that the API does not know in the schema of an answer (guide on structured outputs, 2026-11-22). */
const NOT_ENFORCED: readonly string[] = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
]

/** Members whose members are named by the user and not by JSON Schema. */
const BY_NAME: readonly string[] = ['properties', '$defs', 'definitions']

/**
 * The schema without the rules that the API refuses. Nothing is lost: answers are checked here against the user's own
 * schema, and one that breaks a rule is asked again.
 */
export function wireSchema(schema: JsonObject): JsonObject {
  const kept = Object.entries(schema).filter(
    ([name, value]) => !NOT_ENFORCED.includes(name) && !isLongList(name, value),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, BY_NAME.includes(name) ? byName(value) : inner(value)]))
}

/** Lists can be asked to have at least one member, and no more than that. */
function isLongList(name: string, value: unknown): boolean {
  return name === 'minItems' && typeof value === 'number' && value > 1
}

function byName(value: unknown): unknown {
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inner(part)]))
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner)
  return isJsonObject(value) ? wireSchema(value) : value
}
