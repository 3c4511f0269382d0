import { DAY_MS } from '../../lib/duration.ts'
import { jsonElements, jsonMembers, stringValue } from '../../lib/json-members.ts'
import { type ColumnType, FRACTION_DIGITS } from '../../model/column.ts'

/** A value that does not fit the type of its column. */
export class MisfitError extends Error {}

/** Makes of a value's JSON text what the library writes; throws a `MisfitError` where it does not fit. */
export type ValueOf = (json: string) => unknown

const WHOLE = /^-?\d+$/
const NUMBER = /^-?\d/
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
const INSTANT = /^([+-]?\d+-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z)?$/
const CLOCK = /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/
const DATE = /^[+-]?\d+-\d\d-\d\d$/
const ENDLESS: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

/**
 * How JSON text becomes a value of this type, straight from the text, so that no digit is lost on the way. It is the
 * reverse of what reading Parquet does: ISO 8601 text for instants, base64 for bytes. `onExtra` is called for members of
 * objects that the type has no place for.
 */
export function valueOf(type: ColumnType, onExtra: () => void = () => undefined): ValueOf {
  const inner = presentValueOf(type, onExtra)
  return (json) => (json === 'null' ? null : inner(json))
}

function presentValueOf(type: ColumnType, onExtra: () => void): ValueOf {
  switch (type.kind) {
    case 'boolean':
      return (json) => (json === 'true' ? true : json === 'false' ? false : misfit())
    case 'integer':
      return integerOf(type)
    case 'float16':
    case 'float':
    case 'double':
      return floatOf
    case 'decimal':
      return decimalOf(type)
    case 'string':
    case 'uuid':
      return textOf
    case 'json':
      return (json) => json
    case 'bytes':
      return (json) => Buffer.from(textOf(json), 'base64')
    case 'date':
      return dateOf
    case 'time':
      return clockOf(type)
    case 'timestamp':
      return instantOf(type)
    case 'list':
      return listOf(type, onExtra)
    case 'map':
      return mapOf(type, onExtra)
    case 'struct':
      return structOf(type, onExtra)
  }
}

function misfit(): never {
  throw new MisfitError()
}

function textOf(json: string): string {
  return json.startsWith('"') ? stringValue(json, 0, json.length) : misfit()
}

/** A whole number, also one written as `1.0` or `1e3`. */
function wholeOf(json: string): bigint {
  if (WHOLE.test(json)) return BigInt(json)
  const value = NUMBER.test(json) ? Number(json) : Number.NaN
  return Number.isInteger(value) ? BigInt(value) : misfit()
}

function integerOf({ bits, isSigned }: ColumnType & { readonly kind: 'integer' }): ValueOf {
  return (json) => {
    const whole = wholeOf(json)
    const cut = isSigned ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole)
    if (cut !== whole) misfit()
    return bits === 64 ? whole : Number(whole)
  }
}

function floatOf(json: string): number {
  if (NUMBER.test(json)) return Number(json)
  const text = textOf(json)
  return ENDLESS.has(text) ? Number(text) : misfit()
}

function decimalOf({ precision, scale }: ColumnType & { readonly kind: 'decimal' }): ValueOf {
  const limit = 10n ** BigInt(precision)
  return (json) => {
    const [, sign, whole = '', fraction = ''] = DECIMAL.exec(json) ?? misfit()
    const digits = fraction.padEnd(scale, '0')
    if (/[^0]/.test(digits.slice(scale))) misfit()
    const value = BigInt(whole + digits.slice(0, scale))
    if (value >= limit) misfit()
    return sign === '-' ? -value : value
  }
}

/** Days since 1970; a number where no calendar has the day. */
function dateOf(json: string): number {
  if (WHOLE.test(json)) return Number(json)
  const text = textOf(json)
  const ms = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isFinite(ms) ? ms / DAY_MS : misfit()
}

function instantOf({ unit }: ColumnType & { readonly kind: 'time' | 'timestamp' }): ValueOf {
  const digits = FRACTION_DIGITS[unit]
  const perSecond = 10n ** BigInt(digits)
  return (json) => {
    if (WHOLE.test(json)) return BigInt(json)
    const [, day, clock, fraction = ''] = INSTANT.exec(textOf(json)) ?? misfit()
    const ms = Date.parse(`${day}T${clock}Z`)
    if (!Number.isFinite(ms)) misfit()
    return (BigInt(ms) / 1_000n) * perSecond + fractionOf(fraction, digits)
  }
}

function clockOf({ unit }: ColumnType & { readonly kind: 'time' | 'timestamp' }): ValueOf {
  const digits = FRACTION_DIGITS[unit]
  return (json) => {
    const [, hours = '', minutes = '', seconds = '', fraction = ''] = CLOCK.exec(textOf(json)) ?? misfit()
    const whole = BigInt(hours) * 3_600n + BigInt(minutes) * 60n + BigInt(seconds)
    const count = whole * 10n ** BigInt(digits) + fractionOf(fraction, digits)
    return unit === 'MILLIS' ? Number(count) : count
  }
}

function fractionOf(fraction: string, digits: number): bigint {
  return BigInt(fraction.slice(0, digits).padEnd(digits, '0') || '0')
}

function listOf({ element }: ColumnType & { readonly kind: 'list' }, onExtra: () => void): ValueOf {
  const value = valueOf(element, onExtra)
  return (json) => {
    if (!json.startsWith('[')) misfit()
    return jsonElements(json).map(({ end, start }) => value(json.slice(start, end)))
  }
}

function mapOf({ key, value }: ColumnType & { readonly kind: 'map' }, onExtra: () => void): ValueOf {
  const keyOf = valueOf(key, onExtra)
  const memberOf = valueOf(value, onExtra)
  return (json) => {
    if (!json.startsWith('{')) misfit()
    return Array.from(jsonMembers(json), ([name, { end, start }]) => ({
      key: mapKey(name, keyOf),
      value: memberOf(json.slice(start, end)),
    }))
  }
}

/** JSON knows only text as keys: others stand in it as their JSON text. */
function mapKey(name: string, keyOf: ValueOf): unknown {
  try {
    return keyOf(JSON.stringify(name))
  } catch (error) {
    if (!(error instanceof MisfitError)) throw error
    return keyOf(name)
  }
}

function structOf({ fields }: ColumnType & { readonly kind: 'struct' }, onExtra: () => void): ValueOf {
  const converters = fields.map(({ name, type }) => ({ name, value: valueOf(type, onExtra) }))
  return (json) => {
    if (!json.startsWith('{')) misfit()
    const members = jsonMembers(json)
    // Without a prototype, because the library asks for members by name, and `__proto__` is a name like any other.
    const struct = Object.create(null) as Record<string, unknown>
    let known = 0
    for (const { name, value } of converters) {
      const member = members.get(name)
      struct[name] = member ? value(json.slice(member.start, member.end)) : null
      if (member) known += 1
    }
    if (known < members.size) onExtra()
    return struct
  }
}
