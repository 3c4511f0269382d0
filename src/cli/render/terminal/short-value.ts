import type { Outcome } from '../../../model/outcome.ts'
import { count } from './quantity.ts'

/** Numbers, and entries of other lists, that are shown before the rest is only counted. */
const SHOWN_NUMBERS = 2
const SHOWN_ENTRIES = 3

/** An answer for people: its text as it is, a value with its long lists shortened; null where there is none. */
export function shortAnswer({ isJson, output }: Pick<Outcome, 'isJson' | 'output'>): string | null {
  return isJson && output !== null ? shortValue(JSON.parse(output)) : output
}

/** A value as JSON, in which long lists end with the number of their entries: `[0.01,-0.02, … 1,536 numbers]`. */
export function shortValue(value: unknown): string {
  if (Array.isArray(value)) return shortList(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${shortValue(member)}`)
  return `{${members.join(',')}}`
}

function shortList(list: readonly unknown[]): string {
  const isVector = list.every((entry) => typeof entry === 'number')
  const most = isVector ? SHOWN_NUMBERS : SHOWN_ENTRIES
  const shown = list.slice(0, most).map(shortValue).join(',')
  return list.length <= most + 1
    ? `[${list.map(shortValue).join(',')}]`
    : `[${shown}, … ${count(list.length)} ${isVector ? 'numbers' : 'entries'}]`
}
