import { isJsonObject } from '../lib/json.ts'
import type { JsonSchema } from '../model/answer.ts'

/** The list, or nothing. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** References followed at most: a schema may point at itself. */
const MOST_HOPS = 32

/** What a schema stands for once its reference is followed; the schema itself where it has none that leads anywhere. */
export function resolved(schema: unknown, root: JsonSchema): unknown {
  let found = schema
  for (let hops = 0; isJsonObject(found) && typeof found['$ref'] === 'string' && hops < MOST_HOPS; hops += 1) {
    const next = at(found['$ref'], root)
    if (next === undefined) return found
    found = next
  }
  return found
}

/** The part of a schema that a local reference such as `#/$defs/address` points at. */
function at(reference: string, root: JsonSchema): unknown {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  return reference
    .slice(2)
    .split('/')
    .map((step) => decoded(step).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((node, step) => childOf(node, step), root)
}

function childOf(node: unknown, step: string): unknown {
  return typeof node === 'object' && node !== null && Object.hasOwn(node, step)
    ? (node as Readonly<Record<string, unknown>>)[step]
    : undefined
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    // A bare percent sign: the step is meant as it stands.
    return step
  }
}

/** The step of a place in a schema, as in `#/properties/a~1b`. */
export function stepOf(name: string | number): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}

/** True where a value of null satisfies the schema, as far as its own words tell. */
export function acceptsNull(schema: unknown, root: JsonSchema, depth = 0): boolean {
  const found = resolved(schema, root)
  if (typeof found === 'boolean') return found
  if (!isJsonObject(found) || depth > MOST_HOPS) return true
  const { const: constant, enum: members, type } = found as { const?: unknown; enum?: unknown; type?: unknown }
  const accepts = (part: unknown): boolean => acceptsNull(part, root, depth + 1)
  const anyOf = found['anyOf'] ?? found['oneOf']
  return (
    (type === undefined || type === 'null' || listOf(type).includes('null')) &&
    (members === undefined || listOf(members).includes(null)) &&
    (constant === undefined || constant === null) &&
    (anyOf === undefined || listOf(anyOf).some(accepts)) &&
    listOf(found['allOf']).every(accepts)
  )
}
