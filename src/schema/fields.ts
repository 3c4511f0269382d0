import type { JsonSchema } from '../model/answer.ts'
import { LlmBatchError } from '../model/error.ts'

const TYPES = ['string', 'number', 'integer', 'boolean'] as const

const GRAMMAR =
  'Write name: type, where type is string, number, integer, boolean, choices such as billing|support|sales, or @FILE with them.'

/**
 * The schema of an object from shorthands such as `label: billing|support|sales`. A type is `string`, `number`,
 * `integer`, `boolean`, or choices, which may also be named, such as `@labels.txt`, and stand in `labels` by that name; `[]`
 * behind it makes a list of it, `?` behind the name allows null.
 * @throws LlmBatchError `usage` for a shorthand that cannot be read, or a name that occurs twice
 */
export function schemaOfFields(
  fields: readonly string[],
  labels: ReadonlyMap<string, readonly string[]> = new Map(),
): JsonSchema {
  const properties = new Map<string, JsonSchema>()
  for (const field of fields) {
    const { name, schema } = readField(field, labels)
    if (properties.has(name)) throw new LlmBatchError('usage', `the field ${name} is given twice`, { next: GRAMMAR })
    properties.set(name, schema)
  }
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: [...properties.keys()],
    additionalProperties: false,
  }
}

/** The name that a field has in place of its choices, such as `@labels.txt`; undefined where it has none. */
export function labelSourceOf(field: string): string | undefined {
  const { type } = partsOf(field)
  return type.startsWith('@') ? type : undefined
}

function partsOf(field: string) {
  const colon = field.indexOf(':')
  const name = field.slice(0, Math.max(0, colon)).trim()
  const wanted = field.slice(colon + 1).trim()
  const isList = wanted.endsWith('[]')
  return { name, isList, type: isList ? wanted.slice(0, -2).trim() : wanted, isWhole: colon >= 0 && wanted !== '' }
}

function readField(
  field: string,
  labels: ReadonlyMap<string, readonly string[]>,
): { readonly name: string; readonly schema: JsonSchema } {
  const { isList, isWhole, name: named, type } = partsOf(field)
  const isNullable = named.endsWith('?')
  const name = isNullable ? named.slice(0, -1).trim() : named
  if (!isWhole || name === '') throw unreadable(field, 'does not have the form name: type')
  const choices = labels.get(type)
  const one: FieldSchema = choices ? { type: 'string', enum: choices } : schemaOfType(field, type)
  const schema = isList ? { type: 'array', items: one } : one
  return { name, schema: isNullable ? orNull(schema) : schema }
}

interface FieldSchema extends JsonSchema {
  readonly type: string
  readonly enum?: readonly string[]
}

function schemaOfType(field: string, wanted: string): FieldSchema {
  const choices = wanted.split('|').map((choice) => choice.trim())
  const [only] = choices
  if (choices.length === 1) {
    const type = TYPES.find((known) => known === only)
    if (type) return { type }
    throw unreadable(field, `asks for ${JSON.stringify(only)}, which is not a type; choices need at least two`)
  }
  if (choices.includes('')) throw unreadable(field, 'has an empty choice')
  if (new Set(choices).size < choices.length) throw unreadable(field, 'has the same choice twice')
  const type = choices.find((choice) => (TYPES as readonly string[]).includes(choice) || choice === 'null')
  if (type !== undefined) {
    throw unreadable(field, `has ${type} among its choices; several types of one field need a schema file`)
  }
  return { type: 'string', enum: choices }
}

function orNull({ type, ...schema }: FieldSchema): JsonSchema {
  return { type: [type, 'null'], ...schema, ...(schema.enum ? { enum: [...schema.enum, null] } : {}) }
}

function unreadable(field: string, what: string): LlmBatchError {
  return new LlmBatchError('usage', `the field ${JSON.stringify(field)} ${what}`, { next: GRAMMAR })
}
