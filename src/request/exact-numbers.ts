import { Drop } from 'liquidjs'
import { stringEnd } from '../lib/json-members.ts'

/** A number whose text in the user's row is not the one that JavaScript gives it: `1.10`, or more digits than it keeps. */
export class ExactNumber extends Drop {
  readonly source: string

  constructor(source: string) {
    super()
    this.source = source
  }

  /** For arithmetic and comparisons. */
  override valueOf(): number {
    return Number(this.source)
  }
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const WHOLE_NUMBER = new RegExp(`^${NUMBER.source}$`)

/** A sign that some number may not be as JavaScript would write it: many digits, a zero behind the point, an exponent. */
const SUSPICIOUS = /\d{16}|\.\d*0(?!\d)|\d[eE]|-0/

/** A key that no one has: a row that has it all the same gets the number that it names there. */
const MARK = '\u0000exact'

/**
 * A row's JSON parsed so that every number keeps the text that it was written with: those that JavaScript would write
 * differently become `ExactNumber`s. Undefined where there are none, as in most rows. The text must be valid.
 */
export function withExactNumbers(json: string): Record<string, unknown> | undefined {
  if (!SUSPICIOUS.test(json)) return undefined
  const marked = markNumbers(json)
  return marked === json ? undefined : (JSON.parse(marked, revive) as Record<string, unknown>)
}

/** Strings are stepped over, so that no number inside a text is taken for one. */
function markNumbers(json: string): string {
  const pieces: string[] = []
  let at = 0
  for (let quote = json.indexOf('"'); quote >= 0; quote = json.indexOf('"', at)) {
    const end = stringEnd(json, quote)
    pieces.push(json.slice(at, quote).replace(NUMBER, markIfInexact), json.slice(quote, end))
    at = end
  }
  return pieces.join('') + json.slice(at).replace(NUMBER, markIfInexact)
}

function markIfInexact(number: string): string {
  return String(Number(number)) === number ? number : JSON.stringify({ [MARK]: number })
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, MARK)) return value
  const source = (value as Readonly<Record<string, unknown>>)[MARK]
  return typeof source === 'string' && WHOLE_NUMBER.test(source) ? new ExactNumber(source) : value
}

/** A value as JSON text, exact numbers as they were written. */
export function exactJson(value: unknown): string {
  if (value instanceof ExactNumber) return value.source
  if (Array.isArray(value)) return `[${value.map(exactJson).join()}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${exactJson(member)}`).join()}}`
}

/** True for an object that JSON writes member by member; a date, for one, writes itself. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && typeof (value as { toJSON?: unknown }).toJSON !== 'function'
}
