import type { JsonSchema } from '../../model/answer.ts'

/** Deeper parts, and parts beyond so many, are not offered. */
const DEEPEST = 4
const MOST_FIELDS = 100

/** The parts of answers that a schema names, such as `label`, `address.city` and, of a list, `tags[]`. */
export function schemaFields(schema: JsonSchema): readonly string[] {
  return fieldsIn(schema, '', 0).slice(0, MOST_FIELDS)
}

function fieldsIn(schema: unknown, path: string, depth: number): readonly string[] {
  if (typeof schema !== 'object' || schema === null || depth > DEEPEST) return []
  const { items, properties } = schema as { readonly items?: unknown; readonly properties?: unknown }
  if (typeof properties === 'object' && properties !== null) {
    return Object.entries(properties).flatMap(([name, part]) =>
      fieldsIn(part, path === '' ? name : `${path}.${name}`, depth + 1),
    )
  }
  if (typeof items === 'object' && items !== null) return fieldsIn(items, `${path}[]`, depth + 1)
  return path === '' ? [] : [path]
}
