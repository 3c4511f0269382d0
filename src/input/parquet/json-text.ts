import { isUtf8 } from 'node:buffer'
import { DAY_MS } from '../../lib/duration.ts'
import { type ColumnType, FRACTION_DIGITS, type TimeUnit } from '../../model/column.ts'
import type { ParquetNode } from './schema.ts'

/** Makes JSON text of a value as the library hands it over. */
export type JsonTextOf = (value: unknown) => string

/** A value that should be text and is none. */
export class NotTextError extends Error {}

/** The furthest instant that a date of the language can hold, either way. */
const MOST_MS = 8.64e15

/**
 * How the values of a node become JSON text: numbers with all their digits, instants and dates as ISO 8601 text, bytes as
 * base64. A time that no calendar has stays the number it is; numbers that JSON has no word for are text.
 */
export function jsonTextOf(node: ParquetNode): JsonTextOf {
  const text = nodeText(node)
  return (value) => (value === null || value === undefined ? 'null' : text(value))
}

function nodeText(node: ParquetNode): JsonTextOf {
  switch (node.kind) {
    case 'leaf':
      return leafText(node)
    case 'list': {
      const element = jsonTextOf(node.element)
      const { inside } = node
      return (value) => `[${listOf(inside === null ? value : memberOf(value, inside), element)}]`
    }
    case 'map':
      return mapText(node)
    case 'struct': {
      const fields = node.fields.map(({ key, name, node: field }, at) => {
        const text = jsonTextOf(field)
        const begin = `${at === 0 ? '' : ','}${JSON.stringify(name)}:`
        return (value: unknown) => begin + text(memberOf(value, key))
      })
      return (value) => `{${fields.map((field) => field(value)).join('')}}`
    }
  }
}

/** A map's keys may be of any type and may, in a broken file, occur twice; all of them are kept. */
function mapText({ entries, key, value }: ParquetNode & { readonly kind: 'map' }): JsonTextOf {
  const keyText = jsonTextOf(key.node)
  const valueText = value ? jsonTextOf(value.node) : () => 'true'
  const entry = (pair: unknown): string => {
    const name = keyText(memberOf(pair, key.key))
    return `${name.startsWith('"') ? name : JSON.stringify(name)}:${valueText(value ? memberOf(pair, value.key) : true)}`
  }
  return (map) => `{${listOf(memberOf(map, entries), entry)}}`
}

function memberOf(value: unknown, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key]
}

function listOf(values: unknown, text: JsonTextOf): string {
  return Array.from(values as ArrayLike<unknown>, (value) => text(value)).join(',')
}

function leafText({ element, type }: ParquetNode & { readonly kind: 'leaf' }): JsonTextOf {
  switch (type.kind) {
    case 'boolean':
      return (value) => (value ? 'true' : 'false')
    case 'integer':
      return integerText(type)
    case 'float':
    case 'double':
      return (value) => numberText(value as number)
    case 'float16':
      return (value) => numberText(halfFloat(value as Uint8Array))
    case 'decimal':
      return (value) => decimalText(unscaled(value), type.scale)
    case 'date':
      return (value) => dateText(value as number)
    case 'time':
      return (value) => `"${clockText(BigInt(value as number | bigint), type.unit)}"`
    case 'timestamp':
      return element.type === 'INT96'
        ? (value) => instantText((value as bigint) / 1_000n, type)
        : (value) => instantText(value as bigint, type)
    case 'uuid':
      return (value) => `"${uuidText(value as Uint8Array)}"`
    case 'json':
      return (value) => jsonOrText(textOf(value as Uint8Array))
    case 'string':
      return (value) => JSON.stringify(textOf(value as Uint8Array))
    case 'bytes':
      return (value) => `"${base64(value as Uint8Array)}"`
  }
}

function integerText({ bits, isSigned }: ColumnType & { readonly kind: 'integer' }): JsonTextOf {
  if (isSigned) return String
  if (bits === 64) return (value) => String(BigInt.asUintN(64, value as bigint))
  return (value) => String(Number(value) >>> 0)
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** IEEE 754 binary16, low byte first. */
function halfFloat(bytes: Uint8Array): number {
  const [low = 0, high = 0] = bytes
  const sign = high & 0x80 ? -1 : 1
  const exponent = (high >> 2) & 0x1f
  const fraction = (((high & 0x03) << 8) | low) / 1_024
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction)
}

/** A decimal's digits without the point: a number, or bytes with the highest first. */
function unscaled(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint)
  const hex = Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')
  return hex === '' ? 0n : BigInt.asIntN(value.length * 8, BigInt(`0x${hex}`))
}

function decimalText(digits: bigint, scale: number): string {
  if (scale <= 0) return String(digits)
  const sign = digits < 0n ? '-' : ''
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0')
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

function dateText(days: number): string {
  if (Math.abs(days) * DAY_MS > MOST_MS) return String(days)
  return `"${new Date(days * DAY_MS).toISOString().split('T')[0]}"`
}

function instantText(count: bigint, { isUtc, unit }: ColumnType & { readonly kind: 'time' | 'timestamp' }): string {
  const perMs = 10n ** BigInt(FRACTION_DIGITS[unit] - 3)
  const rest = ((count % perMs) + perMs) % perMs
  const ms = Number((count - rest) / perMs)
  if (Math.abs(ms) > MOST_MS) return String(count)
  const whole = new Date(ms).toISOString().slice(0, -1)
  const more = perMs === 1n ? '' : String(rest).padStart(FRACTION_DIGITS[unit] - 3, '0')
  return `"${whole}${more}${isUtc ? 'Z' : ''}"`
}

function clockText(count: bigint, unit: TimeUnit): string {
  const perSecond = 10n ** BigInt(FRACTION_DIGITS[unit])
  const seconds = count / perSecond
  const parts = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => String(part).padStart(2, '0'))
  return `${parts.join(':')}.${String(count % perSecond).padStart(FRACTION_DIGITS[unit], '0')}`
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The JSON as it came, on one line: a line break in it can only stand between its parts. */
function jsonOrText(text: string): string {
  try {
    JSON.parse(text)
    return text.trim().replace(/[\r\n]/g, ' ')
  } catch {
    // Not what its type says: kept as text.
    return JSON.stringify(text)
  }
}

function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new NotTextError()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
