import type { ColumnType } from '../../model/column.ts'

/** Members of one value beyond which an object is taken for a dictionary, whose keys are data and no columns. */
const MOST_FIELDS = 200

/** Levels below which a value is kept as JSON text. */
const MOST_LEVELS = 12

/** Whole numbers from here on are not exact as doubles. */
const EXACT = 2 ** 53

/** Whole numbers from here on do not fit 64 bits. */
const TOO_LARGE = 2 ** 63

/** Type of a column as far as its values were seen; it only ever widens, and `mixed` is the widest. */
type Seen =
  | { readonly kind: 'nothing' | 'boolean' | 'number' | 'string' | 'mixed' }
  | { readonly kind: 'integer'; readonly isExact: boolean }
  | { readonly kind: 'list'; readonly element: Seen }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Seen> }

const NOTHING: Seen = { kind: 'nothing' }
const MIXED: Seen = { kind: 'mixed' }

/**
 * Finds the narrowest type that holds every value of a column of JSON: a column of whole numbers becomes 64-bit
 * integers, one of numbers doubles, one of lists or objects lists or structs of theirs. What has no common type, would
 * lose digits, or uses its keys as data, becomes JSON text.
 */
export class TypeFinder {
  #seen: Seen = NOTHING

  add(value: unknown): void {
    if (this.#seen.kind !== 'mixed') this.#seen = widen(this.#seen, value, 0)
  }

  type(): ColumnType {
    return typeOf(this.#seen)
  }
}

function widen(seen: Seen, value: unknown, level: number): Seen {
  if (value === null || value === undefined || seen.kind === 'mixed') return seen
  if (typeof value === 'number') return widenNumber(seen, value)
  if (typeof value === 'string') return seen.kind === 'nothing' || seen.kind === 'string' ? { kind: 'string' } : MIXED
  if (typeof value === 'boolean')
    return seen.kind === 'nothing' || seen.kind === 'boolean' ? { kind: 'boolean' } : MIXED
  if (typeof value !== 'object' || level >= MOST_LEVELS) return MIXED
  return Array.isArray(value) ? widenList(seen, value, level) : widenStruct(seen, value, level)
}

function widenNumber(seen: Seen, value: number): Seen {
  // Only doubles know a zero below zero.
  const isWhole = Number.isInteger(value) && !Object.is(value, -0)
  if (isWhole && Math.abs(value) >= TOO_LARGE) return MIXED
  const isExact = !isWhole || Math.abs(value) < EXACT
  if (seen.kind === 'nothing') return isWhole ? { kind: 'integer', isExact } : { kind: 'number' }
  if (seen.kind === 'integer' && isWhole) return seen.isExact === isExact || !seen.isExact ? seen : { ...seen, isExact }
  if (seen.kind === 'integer') return seen.isExact ? { kind: 'number' } : MIXED
  return seen.kind === 'number' && isExact ? seen : MIXED
}

function widenList(seen: Seen, values: readonly unknown[], level: number): Seen {
  if (seen.kind !== 'nothing' && seen.kind !== 'list') return MIXED
  const before = seen.kind === 'list' ? seen.element : NOTHING
  const element = values.reduce<Seen>((widest, value) => widen(widest, value, level + 1), before)
  return seen.kind === 'list' && element === before ? seen : { kind: 'list', element }
}

function widenStruct(seen: Seen, value: object, level: number): Seen {
  if (seen.kind !== 'nothing' && seen.kind !== 'struct') return MIXED
  const before: ReadonlyMap<string, Seen> = seen.kind === 'struct' ? seen.fields : new Map()
  let fields: Map<string, Seen> | undefined
  for (const [name, member] of Object.entries(value)) {
    // Readers take it for a byte order mark, and drop it.
    if (name.startsWith('\ufeff')) return MIXED
    const known = before.get(name)
    const wide = widen(known ?? NOTHING, member, level + 1)
    if (wide === known) continue
    fields ??= new Map(before)
    fields.set(name, wide)
  }
  if ((fields ?? before).size > MOST_FIELDS) return MIXED
  return fields || seen.kind === 'nothing' ? { kind: 'struct', fields: fields ?? before } : seen
}

function typeOf(seen: Seen): ColumnType {
  switch (seen.kind) {
    case 'nothing':
    case 'string':
      return { kind: 'string' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'integer':
      return { kind: 'integer', bits: 64, isSigned: true }
    case 'number':
      return { kind: 'double' }
    case 'list':
      return { kind: 'list', element: typeOf(seen.element) }
    case 'struct':
      // Parquet has no groups without members.
      return seen.fields.size === 0
        ? { kind: 'json' }
        : { kind: 'struct', fields: Array.from(seen.fields, ([name, field]) => ({ name, type: typeOf(field) })) }
    case 'mixed':
      return { kind: 'json' }
  }
}
