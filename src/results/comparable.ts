import { shownJson } from '../lib/shown-json.ts'
import { outputOf, statusOf } from '../output/answer.ts'
import { jsonAnswerOf, valueAt } from './json-answer.ts'
import type { RowView } from './row-view.ts'

/** Rules for comparing answers. */
export interface ComparisonRules {
  readonly ignoresCase: boolean
  /** Only this part of answers that are JSON, as a path; null for the whole answer. */
  readonly field: readonly string[] | null
}

/** An answer made ready to be compared. */
export interface Comparable {
  readonly isPending: boolean
  /** True for a usable answer; only these are compared. */
  readonly isAnswered: boolean
  /** Equal for answers that count as equal. */
  readonly key: string
  /** For people: on one line. */
  readonly text: string
  /** Of an answer that is a JSON object: its members by name, each as its key; null for anything else. */
  readonly members: ReadonlyMap<string, string> | null
}

/** Makes a row's answer ready. */
export function comparableOf(row: RowView, rules: ComparisonRules): Comparable {
  const status = statusOf(row.row)
  const isAnswered = status === 'succeeded'
  const facts = { isPending: status === 'pending', isAnswered, members: null }
  const whole = (outputOf(row.row) ?? '').trim()
  const json = isAnswered ? row.json() : undefined
  // An answer that is not JSON does not have the part that is asked for.
  const value = rules.field === null || !isAnswered ? (json ?? whole) : valueAt(json, rules.field)
  try {
    return { ...facts, key: keyOf(value, rules), text: shownText(value), members: membersOf(value, rules) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    // It nests deeper than functions can follow, and is compared as it stands.
    return { ...facts, key: whole, text: whole }
  }
}

/** The key that an answer must have to be what a column says. */
export function goldKey(text: string, rules: ComparisonRules): string {
  return keyOf(jsonAnswerOf(text) ?? text, rules)
}

function shownText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value.trim() : shownJson(value)
}

function membersOf(value: unknown, rules: ComparisonRules): ReadonlyMap<string, string> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return new Map(Object.entries(value).map(([name, member]) => [name, keyOf(member, rules)]))
}

/**
 * Text that is equal for values that count as equal: white space around texts and the order of names do not count. A text
 * is its own, so that `5` of a CSV column is the number 5 of an answer.
 */
function keyOf(value: unknown, rules: ComparisonRules): string {
  if (typeof value === 'string') return sameText(value, rules)
  return value === undefined ? '' : JSON.stringify(inOrder(value, rules))
}

function inOrder(value: unknown, rules: ComparisonRules): unknown {
  if (typeof value === 'string') return sameText(value, rules)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => inOrder(item, rules))
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([name, item]) => [name, inOrder(item, rules)]))
}

function sameText(text: string, { ignoresCase }: ComparisonRules): string {
  return ignoresCase ? text.trim().toLowerCase() : text.trim()
}
