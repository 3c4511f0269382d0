import { isJsonObject } from '../lib/json.ts'
import type { JsonSchema, SchemaDialect } from '../model/answer.ts'
import { acceptsNull, listOf, resolved, stepOf } from './walk.ts'

/** Something in a schema that its provider would refuse. */
export interface SchemaFlaw {
  /** Where in the schema, such as `#/properties/tags/items`. */
  readonly path: string
  /** What is wrong there, as the rest of a sentence. */
  readonly rule: string
}

/** A schema as it is sent. */
export interface WireSchema {
  readonly schema: JsonSchema
  readonly flaws: readonly SchemaFlaw[]
  /** Keywords that the provider does not know and that are therefore checked here only. */
  readonly leftOut: readonly { readonly path: string; readonly keyword: string }[]
}

/** OpenAI's limits for strict schemas, by its guide on structured outputs (looked up 2026-11-27). */
const MOST = {
  depth: 10,
  properties: 5_000,
  enumValues: 1_000,
  nameCharacters: 120_000,
  /** Applies to a single enumeration with more than so many values. */
  longEnum: 250,
  longEnumCharacters: 15_000,
} as const

/** Keywords that strict schemas may have, besides those with schemas inside. */
const KNOWN = [
  'type',
  'title',
  'description',
  'enum',
  'const',
  'pattern',
  'multipleOf',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
] as const

const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']

/** Limits of single values that strict schemas do not know: they are left out, and checked here. */
const CHECKED_HERE = [
  'minLength',
  'maxLength',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
]

/** Keywords that change what a schema means and have no place in strict ones. */
const REFUSED = [
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
  'prefixItems',
  'additionalItems',
  'contains',
  'minContains',
  'maxContains',
  '$dynamicRef',
  '$recursiveRef',
]

const DEFINITIONS = ['$defs', 'definitions'] as const

/**
 * A schema as an endpoint of this dialect takes it. Objects are closed and all their properties required, with null
 * allowed for those that were optional. In a subset, words that mean nothing to a check are left out, and so are limits
 * of single values; what cannot be said there is a flaw.
 */
export function wireSchema(schema: JsonSchema, dialect: SchemaDialect): WireSchema {
  return dialect === 'subset'
    ? new SubsetWalk(schema).walk()
    : { schema: closed(schema, schema), flaws: [], leftOut: [] }
}

/** Every keyword stays; only objects with properties are closed and completed. */
function closed(node: unknown, root: JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...(node as JsonSchema) }
  if (node === root) for (const keyword of ['$schema', '$id']) delete result[keyword]
  const close = (part: unknown): unknown => (isJsonObject(part) ? closed(part, root) : part)
  for (const keyword of ['items', 'not', 'contains'] as const) {
    if (isJsonObject(result[keyword])) result[keyword] = close(result[keyword])
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    if (Array.isArray(result[keyword])) result[keyword] = result[keyword].map(close)
  }
  for (const keyword of DEFINITIONS) {
    const definitions = result[keyword]
    if (isJsonObject(definitions)) result[keyword] = mapped(definitions, close)
  }
  const { properties } = result
  // The parts of an intersection would forbid each other's properties if each of them were closed.
  if (!isJsonObject(properties) || result['allOf'] !== undefined) return result
  const required = listOf(result['required'])
  return {
    ...result,
    properties: mapped(properties, (part, name) =>
      required.includes(name) ? close(part) : nullable(close(part), root),
    ),
    required: Object.keys(properties),
    additionalProperties: result['additionalProperties'] ?? false,
  }
}

function mapped(parts: JsonSchema, change: (part: unknown, name: string) => unknown): JsonSchema {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, change(part, name)]))
}

/** The same schema with null allowed. */
function nullable(schema: unknown, root: JsonSchema): unknown {
  if (!isJsonObject(schema) || acceptsNull(schema, root)) return schema
  const { anyOf, enum: members, type } = schema as { anyOf?: unknown; enum?: unknown; type?: unknown }
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...(anyOf as unknown[]), { type: 'null' }] }
  const isScalar = typeof type === 'string' && type !== 'object' && type !== 'array' && schema['const'] === undefined
  if (!isScalar) return { anyOf: [schema, { type: 'null' }] }
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(members) ? { enum: [...(members as unknown[]), null] } : {}),
  }
}

class SubsetWalk {
  readonly #root: JsonSchema
  readonly #flaws: SchemaFlaw[] = []
  readonly #leftOut: { path: string; keyword: string }[] = []
  #properties = 0
  #enumValues = 0
  #nameCharacters = 0

  constructor(root: JsonSchema) {
    this.#root = root
  }

  walk(): WireSchema {
    const root = this.#node(withDefinitions(resolved(this.#root, this.#root), this.#root), '#', 0)
    if (root['anyOf'] !== undefined) this.#flaw('#', 'offers several shapes; the root of a strict schema is one object')
    else if (root['type'] !== 'object')
      this.#flaw('#', 'is not an object, as the root of a strict schema must be; put the rest into a property')
    this.#judgeSize()
    return { schema: root, flaws: this.#flaws, leftOut: this.#leftOut }
  }

  #flaw(path: string, rule: string): void {
    this.#flaws.push({ path, rule })
  }

  #judgeSize(): void {
    const sizes = [
      [this.#properties, MOST.properties, 'properties'],
      [this.#enumValues, MOST.enumValues, 'values of enumerations'],
      [this.#nameCharacters, MOST.nameCharacters, 'characters of names and enumerated values'],
    ] as const
    for (const [found, most, what] of sizes) {
      if (found > most) this.#flaw('#', `has ${found} ${what}; the maximum is ${most}`)
    }
  }

  #node(given: unknown, path: string, depth: number): JsonSchema {
    if (!isJsonObject(given)) {
      this.#flaw(path, typeof given === 'boolean' ? `is ${given}, which does not set a type` : 'is not a schema')
      return {}
    }
    const node = this.#merged(given, path)
    for (const keyword of REFUSED) {
      if (node[keyword] !== undefined) this.#flaw(path, `uses "${keyword}", which strict schemas do not support`)
    }
    if (typeof node['$ref'] === 'string') return this.#reference(node, node['$ref'], path)
    const result: Record<string, unknown> = {}
    for (const keyword of KNOWN) if (node[keyword] !== undefined) result[keyword] = node[keyword]
    this.#leaveOut(node, result, path)
    result['type'] ??= impliedType(node)
    if (result['type'] === undefined) delete result['type']
    this.#enumeration(node, path)
    if (hasType(result, 'object')) this.#object(node, result, path, depth + 1)
    if (hasType(result, 'array')) this.#array(node, result, path, depth)
    this.#union(node, result, path, depth)
    this.#definitions(node, result, path)
    const says = ['type', 'enum', 'const', 'anyOf'].some((keyword) => result[keyword] !== undefined)
    if (!says) this.#flaw(path, 'has no type')
    return result
  }

  /** An intersection of one is that one; of several there is no equivalent. */
  #merged(node: JsonSchema, path: string): JsonSchema {
    const { allOf, ...rest } = node
    if (allOf === undefined) return node
    const [only, ...others] = listOf(allOf)
    const isPlain = Object.keys(rest).every((keyword) => ['title', 'description', 'default'].includes(keyword))
    if (others.length === 0 && isJsonObject(only) && isPlain) return { ...only, ...rest }
    this.#flaw(path, 'uses "allOf", which strict schemas do not support; write one schema with all of it')
    return rest
  }

  #reference({ $defs, definitions }: JsonSchema, reference: string, path: string): JsonSchema {
    if (!reference.startsWith('#'))
      this.#flaw(path, `refers to ${reference}; a strict schema can refer only to its own parts`)
    const result: Record<string, unknown> = { $ref: reference }
    this.#definitions({ $defs, definitions }, result, path)
    return result
  }

  #leaveOut(node: JsonSchema, result: Record<string, unknown>, path: string): void {
    const { format } = node
    if (typeof format === 'string' && FORMATS.includes(format)) result['format'] = format
    else if (format !== undefined) this.#leftOut.push({ path, keyword: 'format' })
    for (const keyword of CHECKED_HERE) if (node[keyword] !== undefined) this.#leftOut.push({ path, keyword })
  }

  #enumeration(node: JsonSchema, path: string): void {
    const members = listOf(node['enum'])
    const texts = [...members, node['const']].filter((member) => typeof member === 'string')
    const characters = texts.reduce((sum, text) => sum + text.length, 0)
    this.#enumValues += members.length
    this.#nameCharacters += characters
    if (members.length > MOST.longEnum && characters > MOST.longEnumCharacters) {
      this.#flaw(
        path,
        `lists ${members.length} values of ${characters} characters; with more than ${MOST.longEnum} values the maximum is ${MOST.longEnumCharacters}`,
      )
    }
  }

  #object(node: JsonSchema, result: Record<string, unknown>, path: string, depth: number): void {
    const { additionalProperties } = node
    if (additionalProperties !== undefined && additionalProperties !== false) {
      this.#flaw(path, 'allows further properties ("additionalProperties"); a strict object supports only named ones')
    }
    if (depth > MOST.depth) this.#flaw(path, `is an object ${depth} levels deep; the maximum is ${MOST.depth}`)
    const properties = isJsonObject(node['properties']) ? node['properties'] : {}
    const required = listOf(node['required'])
    const names = Object.keys(properties)
    this.#properties += names.length
    this.#nameCharacters += names.reduce((sum, name) => sum + name.length, 0)
    for (const name of required) {
      if (!names.includes(String(name)))
        this.#flaw(path, `requires "${String(name)}", which is not among its properties`)
    }
    result['properties'] = mapped(properties, (part, name) => {
      const wire = this.#node(part, `${path}/properties/${stepOf(name)}`, depth)
      return required.includes(name) || acceptsNull(part, this.#root) ? wire : nullable(wire, this.#root)
    })
    result['required'] = names
    result['additionalProperties'] = false
  }

  #array(node: JsonSchema, result: Record<string, unknown>, path: string, depth: number): void {
    const { items } = node
    if (items === undefined || Array.isArray(items)) {
      this.#flaw(path, items === undefined ? 'is a list without "items"' : 'gives each place of a list its own schema')
    } else result['items'] = this.#node(items, `${path}/items`, depth)
  }

  /** One of several is sent as any of several: which of the two it was is checked here. */
  #union(node: JsonSchema, result: Record<string, unknown>, path: string, depth: number): void {
    const { anyOf, oneOf } = node
    if (anyOf !== undefined && oneOf !== undefined) this.#flaw(path, 'uses "anyOf" and "oneOf" together')
    const keyword = anyOf === undefined ? 'oneOf' : 'anyOf'
    const branches = anyOf ?? oneOf
    if (branches === undefined) return
    result['anyOf'] = listOf(branches).map((branch, index) => this.#node(branch, `${path}/${keyword}/${index}`, depth))
  }

  #definitions(node: JsonSchema, result: Record<string, unknown>, path: string): void {
    for (const keyword of DEFINITIONS) {
      const definitions = node[keyword]
      if (!isJsonObject(definitions)) continue
      this.#nameCharacters += Object.keys(definitions).join('').length
      result[keyword] = mapped(definitions, (part, name) => this.#node(part, `${path}/${keyword}/${stepOf(name)}`, 0))
    }
  }
}

/** A root that was only a reference keeps the definitions that others refer to. */
function withDefinitions(node: unknown, root: JsonSchema): unknown {
  if (node === root || !isJsonObject(node)) return node
  const kept = DEFINITIONS.filter((keyword) => root[keyword] !== undefined).map((keyword) => [keyword, root[keyword]])
  return { ...node, ...Object.fromEntries(kept) }
}

/** Types that follow from other words: strict schemas name them. */
function impliedType(node: JsonSchema): unknown {
  if (isJsonObject(node['properties'])) return 'object'
  if (node['items'] !== undefined) return 'array'
  const values = [...listOf(node['enum']), ...(node['const'] === undefined ? [] : [node['const']])]
  const types = [...new Set(values.map(typeOf))]
  if (types.length === 0 || types.includes('object') || types.includes('array')) return undefined
  return types.length === 1 ? types[0] : types
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function hasType({ type }: JsonSchema, wanted: string): boolean {
  return type === wanted || listOf(type).includes(wanted)
}
