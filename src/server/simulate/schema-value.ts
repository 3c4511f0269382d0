import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'

/** References deeper than this are cut with null, so that a recursive schema ends. */
const MOST_DEPTH = 12

/** Values and members of enumerations that one answer is made from. */
const MOST_VALUES = 10_000

/** Characters that a text may have to have. */
const MOST_CHARACTERS = 100_000

/** Thrown where a schema asks for more than an answer can hold. */
export class SchemaTooLarge extends Error {}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-15',
  'date-time': '2026-01-15T12:00:00Z',
  time: '12:00:00Z',
  email: 'simulated@example.com',
  uri: 'https://example.com/simulated',
  uuid: '00000000-0000-4000-8000-000000000000',
}

/**
 * A value that satisfies a JSON schema, the same for the same digest: enumerations are picked from, preferring a
 * member whose name occurs in the prompt, so that a demo reads well. Throws SchemaTooLarge.
 */
export function valueFor(schema: unknown, prompt: string, digest: string): unknown {
  return new SchemaWalk(schema, prompt.toLowerCase(), digest).value(schema, 0)
}

class SchemaWalk {
  readonly #root: unknown
  readonly #prompt: string
  readonly #digest: string
  #drawn = 0
  #left = MOST_VALUES

  constructor(root: unknown, prompt: string, digest: string) {
    this.#root = root
    this.#prompt = prompt
    this.#digest = digest
  }

  value(given: unknown, depth: number): unknown {
    this.#spend(1)
    if (!isJsonObject(given) || depth > MOST_DEPTH) return null
    const schema = this.#resolve(given)
    if ('const' in schema) return schema['const']
    if (Array.isArray(schema['enum'])) return this.#pick(schema['enum'])
    const branches = schema['anyOf'] ?? schema['oneOf']
    if (Array.isArray(branches)) return this.value(branches[0], depth + 1)
    if (Array.isArray(schema['allOf']))
      return this.value(merged(schema['allOf'].map((part) => this.#resolve(part))), depth + 1)
    return this.#ofType(schema, depth)
  }

  #ofType(schema: JsonObject, depth: number): unknown {
    const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
    switch (type ?? (schema['properties'] ? 'object' : 'string')) {
      case 'object':
        return this.#object(schema, depth)
      case 'array':
        return this.#list(schema, depth)
      case 'integer':
        return Math.ceil(this.#number(schema))
      case 'number':
        return this.#number(schema)
      case 'boolean':
        return this.#draw(2) === 1
      case 'null':
        return null
      default:
        return this.#string(schema)
    }
  }

  #list(schema: JsonObject, depth: number): unknown[] {
    const length = Number(schema['minItems'] ?? 1)
    if (length > this.#left) throw new SchemaTooLarge()
    return Array.from({ length }, () => this.value(schema['items'], depth + 1))
  }

  #object(schema: JsonObject, depth: number): JsonObject {
    const properties = isJsonObject(schema['properties']) ? schema['properties'] : {}
    return Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, this.value(part, depth + 1)]))
  }

  #number(schema: JsonObject): number {
    const least = Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? 0)
    const most = Number(schema['maximum'] ?? schema['exclusiveMaximum'] ?? least + 10)
    const steps = Math.max(1, Math.floor(most - least))
    return schema['exclusiveMinimum'] === undefined ? least + this.#draw(steps) : least + (most - least) / 2
  }

  #string(schema: JsonObject): string {
    const format = stringOf(schema['format'])
    const text = (format && FORMATS[format]) ?? `simulated ${this.#digest.slice(0, 6)}`
    const least = Number(schema['minLength'] ?? 0)
    if (least > MOST_CHARACTERS) throw new SchemaTooLarge()
    return text.padEnd(least, '.').slice(0, Number(schema['maxLength'] ?? Number.POSITIVE_INFINITY))
  }

  #pick(members: readonly unknown[]): unknown {
    this.#spend(members.length)
    const named = members.find((member) => typeof member === 'string' && this.#prompt.includes(member.toLowerCase()))
    return named ?? members[this.#draw(members.length)]
  }

  #spend(values: number): void {
    this.#left -= values
    if (this.#left < 0) throw new SchemaTooLarge()
  }

  /** The next number below `bound` that the digest gives. */
  #draw(bound: number): number {
    const start = (this.#drawn * 4) % 56
    this.#drawn += 1
    return Number.parseInt(this.#digest.slice(start, start + 8), 16) % Math.max(1, bound)
  }

  #resolve(schema: unknown): JsonObject {
    let found = schema
    for (let hops = 0; isJsonObject(found) && typeof found['$ref'] === 'string' && hops < MOST_DEPTH; hops += 1) {
      found = this.#at(found['$ref'])
    }
    return isJsonObject(found) ? found : {}
  }

  #at(reference: string): unknown {
    const steps = reference.replace(/^#\/?/, '').split('/').filter(Boolean)
    return steps.reduce<unknown>((node, step) => (isJsonObject(node) ? node[step] : undefined), this.#root)
  }
}

function merged(parts: readonly JsonObject[]): JsonObject {
  const properties = Object.assign({}, ...parts.map((part) => part['properties'] ?? {})) as JsonObject
  return { ...Object.assign({}, ...parts), properties }
}
