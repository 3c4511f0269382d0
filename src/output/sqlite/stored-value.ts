import { stringValue } from '../../lib/json-members.ts'
import type { ColumnType } from '../../model/column.ts'

/** A value that SQLite stores. */
export type StoredValue = string | number | bigint | Uint8Array | null

/** Form of the values of a column. */
export interface StoredType {
  /** The type in the table's declaration; empty for a column whose values keep the types that they have. */
  readonly declared: 'BLOB' | 'BOOLEAN' | 'INTEGER' | 'REAL' | 'TEXT' | ''
  /** Makes of a value's JSON text what is stored. */
  readonly of: (json: string) => StoredValue
}

const WHOLE = /^-?\d+$/
const NUMBER = /^[-\d]/

/** Digits that a double keeps, whatever the number. */
const DOUBLE_DIGITS = 17

/** Whole numbers that fit: 64 bits with a sign. */
const LEAST = -(2n ** 63n)
const MOST = 2n ** 63n - 1n

const ANY: StoredType = { declared: '', of: storedValue }
/** Text, and JSON text of what is not text. */
export const TEXT: StoredType = { declared: 'TEXT', of: textOf }

/**
 * How values of a type are stored. A declared type is an affinity: SQLite turns text that looks like a number into one where
 * numbers are declared, so it is declared only where no digit can be lost by it.
 */
export function storedTypeOf(type: ColumnType): StoredType {
  switch (type.kind) {
    case 'boolean':
      return { declared: 'BOOLEAN', of: storedValue }
    case 'integer':
      return type.bits === 64 && !type.isSigned ? ANY : { declared: 'INTEGER', of: storedValue }
    case 'float16':
    case 'float':
    case 'double':
      return { declared: 'REAL', of: realOf }
    case 'bytes':
      return { declared: 'BLOB', of: (json) => (json.startsWith('"') ? bytesOf(json) : storedValue(json)) }
    case 'string':
    case 'uuid':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'list':
    case 'map':
    case 'struct':
      return TEXT
    // Neither a 64-bit integer nor a double holds every decimal, and JSON can be anything.
    case 'decimal':
    case 'json':
      return ANY
  }
}

/** A value in the type that it has: text, a number, 1 and 0 for true and false, JSON text for lists and objects. */
export function storedValue(json: string): StoredValue {
  if (json === 'true') return 1
  if (json === 'false') return 0
  return NUMBER.test(json) ? numberOf(json) : textOf(json)
}

/** Text as it is, JSON text of anything else. */
function textOf(json: string): string | null {
  if (json.startsWith('"')) return stringValue(json, 0, json.length)
  return json === 'null' ? null : json
}

function bytesOf(json: string): Uint8Array {
  return Buffer.from(stringValue(json, 0, json.length), 'base64')
}

function realOf(json: string): StoredValue {
  return NUMBER.test(json) ? Number(json) : storedValue(json)
}

/** A number where SQLite has one that is the same, else its text with all digits. */
function numberOf(json: string): StoredValue {
  if (WHOLE.test(json)) {
    const whole = BigInt(json)
    return whole < LEAST || whole > MOST ? json : whole
  }
  const value = Number(json)
  const [digits = ''] = json.split(/[eE]/)
  const significant = digits.replace(/^[-0.]+/, '').replace('.', '')
  return Number.isFinite(value) && significant.length <= DOUBLE_DIGITS ? value : json
}
