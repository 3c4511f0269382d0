import { isJsonObject, type JsonObject } from '../../../lib/json.ts'
import { refuse } from './no-equivalent.ts'

/** Keywords that the API reference describes for `responseJsonSchema` (2026), besides those with schemas inside. */
const KNOWN: readonly string[] = [
  '$id',
  '$anchor',
  '$ref',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'required',
]

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const WITH_ONE: readonly string[] = ['items', 'additionalProperties']
const WITH_LIST: readonly string[] = ['anyOf', 'oneOf', 'prefixItems']
const WITH_NAMES: readonly string[] = ['properties', '$defs', 'definitions']

/**
 * A schema as Gemini takes it: what the API does not describe is left out, because it may refuse the whole batch for it.
 * The answers are checked here by the user's own schema all the same.
 * @throws NoEquivalent where there is no schema
 */
export function responseSchema(schema: unknown): JsonObject {
  return isJsonObject(schema) ? reduced(schema) : refuse('a response format without a schema')
}

function reduced(schema: JsonObject): JsonObject {
  const { const: only, ...rest } = schema
  const given = only === undefined || rest['enum'] !== undefined ? rest : { ...rest, enum: [only] }
  return Object.fromEntries(
    Object.entries(given).flatMap(([keyword, value]): [string, unknown][] => {
      if (KNOWN.includes(keyword)) return [[keyword, value]]
      if (WITH_ONE.includes(keyword)) return [[keyword, inner(value)]]
      if (WITH_LIST.includes(keyword) && Array.isArray(value)) return [[keyword, value.map(inner)]]
      if (WITH_NAMES.includes(keyword) && isJsonObject(value)) return [[keyword, named(value)]]
      return []
    }),
  )
}

function named(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, inner(schema)]))
}

function inner(schema: unknown): unknown {
  return isJsonObject(schema) ? reduced(schema) : schema
}
