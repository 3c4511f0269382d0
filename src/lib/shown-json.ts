import { grouped } from './number.ts'

/** Lists of numbers longer than this are named by their length, and so many of the numbers shown. */
const LONGEST_VECTOR = 8
const SHOWN_NUMBERS = 3

/** What lies deeper is not shown; a hostile value may nest deeper than functions can follow. */
const DEEPEST = 20

/**
 * JSON for people: one line, with long lists of numbers, such as vectors, cut to their beginning and their length. Of
 * other lists so many entries are shown. @default all
 */
export function shownJson(value: unknown, mostEntries = Number.POSITIVE_INFINITY, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  if (depth > DEEPEST) return '…'
  const shown = (item: unknown): string => shownJson(item, mostEntries, depth + 1)
  if (!Array.isArray(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${shown(item)}`)
      .join(', ')}}`
  }
  const isVector = value.length > LONGEST_VECTOR && value.every((item) => typeof item === 'number')
  if (isVector) return `[${value.slice(0, SHOWN_NUMBERS).map(shownNumber).join(', ')}, ${restOf(value, 'numbers')}]`
  // One entry more takes no more room than the words for it.
  if (value.length <= mostEntries + 1) return `[${value.map(shown).join(', ')}]`
  return `[${value.slice(0, mostEntries).map(shown).join(', ')}, ${restOf(value, 'entries')}]`
}

function restOf({ length }: readonly unknown[], what: string): string {
  return `… ${grouped(length)} ${what}`
}

function shownNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}
