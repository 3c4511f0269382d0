import { isJsonObject, type JsonObject } from '../../lib/json.ts'

/**
 * A value that breaks the schema which a good value satisfies, in one of two ways that models choose too: a required
 * property is missing, or one has another type.
 */
export function wrongValue(schema: JsonObject, good: unknown, digest: string): unknown {
  if (!isJsonObject(good)) return { simulated: 'not what was asked for' }
  const names = Object.keys(good)
  const required = Array.isArray(schema['required']) ? schema['required'].filter((name) => names.includes(name)) : []
  const draw = Number.parseInt(digest.slice(0, 4), 16)
  if (required.length > 0 && draw % 2 === 0) return without(good, required[draw % required.length])
  const name = names[draw % Math.max(1, names.length)]
  // An object without properties has nothing to spoil.
  return name === undefined ? [] : { ...good, [name]: ofAnotherType(good[name]) }
}

function without(value: JsonObject, name: unknown): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
}

function ofAnotherType(value: unknown): unknown {
  return isJsonObject(value) ? 'simulated' : { simulated: true }
}
