import { isJsonObject } from '../lib/json.ts'
import type { JsonSchema } from '../model/answer.ts'
import type { ColumnField, ColumnType } from '../model/column.ts'

/** Levels below which a value is kept as JSON text: a schema may refer to itself. */
const MOST_LEVELS = 12

/** A value that no single type fits. */
const ANY: ColumnType = { kind: 'json' }

const SIMPLE: Readonly<Record<string, ColumnType>> = {
  string: { kind: 'string' },
  integer: { kind: 'integer', bits: 64, isSigned: true },
  number: { kind: 'double' },
  boolean: { kind: 'boolean' },
}

/** The type of a column that holds what fits the schema; everything may be null. JSON text where no type fits. */
export function typeOfSchema(schema: JsonSchema): ColumnType {
  return typeOf(schema, schema, 0)
}

/** The type of what lies at a path in an object's schema; undefined where the schema does not say. */
export function typeAtPath(schema: JsonSchema, path: readonly string[]): ColumnType | undefined {
  return path.reduce<ColumnType | undefined>(
    (type, key) => (type?.kind === 'struct' ? type.fields.find(({ name }) => name === key)?.type : undefined),
    typeOfSchema(schema),
  )
}

/** The paths to the leaves of an object's schema, lists being leaves; none where the schema is of no object. */
export function leavesOfSchema(schema: JsonSchema): readonly (readonly string[])[] {
  const type = typeOfSchema(schema)
  return type.kind === 'struct' ? leaves(type.fields, []) : []
}

function leaves(fields: readonly ColumnField[], above: readonly string[]): readonly (readonly string[])[] {
  return fields.flatMap(({ name, type }) => {
    const path = [...above, name]
    return type.kind === 'struct' ? leaves(type.fields, path) : [path]
  })
}

function typeOf(given: unknown, root: JsonSchema, level: number): ColumnType {
  const schema = resolved(given, root)
  if (schema === undefined || level > MOST_LEVELS) return ANY
  const choices = alternatives(schema, root)
  if (choices) {
    const [only, ...others] = choices
    return only !== undefined && others.length === 0 ? typeOf(only, root, level) : ANY
  }
  const name = typeName(schema)
  if (name === 'object') return structOf(schema, root, level)
  if (name === 'array') {
    return isJsonObject(schema['items']) ? { kind: 'list', element: typeOf(schema['items'], root, level + 1) } : ANY
  }
  return SIMPLE[name ?? ''] ?? ANY
}

function structOf(schema: JsonSchema, root: JsonSchema, level: number): ColumnType {
  const properties = schema['properties']
  const fields = isJsonObject(properties)
    ? Object.entries(properties).map(([name, property]) => ({ name, type: typeOf(property, root, level + 1) }))
    : []
  return fields.length === 0 ? ANY : { kind: 'struct', fields }
}

/** What a reference inside the schema leads to; undefined for one that leads elsewhere, or to nothing. */
function resolved(given: unknown, root: JsonSchema): JsonSchema | undefined {
  let schema = given
  for (let steps = 0; isJsonObject(schema) && typeof schema['$ref'] === 'string'; steps += 1) {
    const reference = schema['$ref']
    if (!reference.startsWith('#') || steps > MOST_LEVELS) return undefined
    schema = reference
      .slice(1)
      .split('/')
      .slice(1)
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((value, part) => (isJsonObject(value) ? value[part] : undefined), root)
  }
  return isJsonObject(schema) ? schema : undefined
}

/** The schemas of which one must fit, null left out, because any column may be null; undefined where there is no choice. */
function alternatives(schema: JsonSchema, root: JsonSchema): readonly unknown[] | undefined {
  const choices = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf']
  if (!Array.isArray(choices)) return undefined
  return choices.filter((choice: unknown) => {
    const found = resolved(choice, root)
    return !(found && (found['type'] === 'null' || found['const'] === null))
  })
}

/** The one type that the values have besides null. */
function typeName(schema: JsonSchema): string | undefined {
  const { const: constant, enum: values, type } = schema
  if (typeof type === 'string') return type
  if (Array.isArray(type)) {
    const others = type.filter((name) => name !== 'null')
    return others.length === 1 ? String(others[0]) : undefined
  }
  const listed = Array.isArray(values) ? values : constant === undefined ? [] : [constant]
  const names = new Set(listed.filter((value) => value !== null).map((value) => typeof value))
  if (names.size === 1 && names.has('string')) return 'string'
  if (names.size === 1 && names.has('boolean')) return 'boolean'
  return isJsonObject(schema['properties']) ? 'object' : undefined
}
