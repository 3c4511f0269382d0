import { nearMatches } from '../lib/near-match.ts'
import { LlmBatchError } from '../model/error.ts'
import { OUTCOME_STATUSES } from '../model/outcome.ts'
import { type ColumnFacts, columnNames, findColumn, type LookedColumn } from './row-columns.ts'
import { type Cell, cellOf, type RowView } from './row-view.ts'

/** The longer ones first, because the shorter ones are their ends or beginnings. */
const OPERATORS = ['!=', '<=', '>=', '=', '~', '<', '>'] as const

type Operator = (typeof OPERATORS)[number]

/** One condition that a row fulfils or not. */
export interface Condition {
  /** As it was written. */
  readonly text: string
  readonly column: LookedColumn
  matches(row: RowView): boolean
}

/** What a row's status can be, those without a result included. */
const STATUSES: readonly string[] = [...OUTCOME_STATUSES, 'pending']

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Reads a condition such as `status=failed`, `text~refund` or `attempt>1`; white space around its parts does not
 * count. `=` and `!=` compare the whole value, `~` finds a part of it in upper or lower case, the others compare numbers,
 * and a value that is none fulfils none of these. Absent and null are empty. Throws `usage` for anything else.
 */
export function readCondition(text: string, facts: ColumnFacts): Condition {
  const { name, operator, operand } = partsOf(text, facts)
  const column = findColumn(name, facts)
  if (column.of === 'answer' && column.name === 'status' && (operator === '=' || operator === '!=')) {
    assertStatus(operand)
  }
  const fits = comparison(operator, operand, text)
  return { text, column, matches: (row) => fits(cellOf(row, column)) }
}

/** A column's name may hold an operator, so the names of the run are tried before the text is split. */
function partsOf(text: string, facts: ColumnFacts): { name: string; operator: Operator; operand: string } {
  const known = columnNames(facts)
    .filter((name) => text.trimStart().startsWith(name))
    .sort((one, other) => other.length - one.length)
  for (const name of known) {
    const rest = text.trimStart().slice(name.length).trimStart()
    const operator = OPERATORS.find((candidate) => rest.startsWith(candidate))
    if (operator) return { name, operator, operand: rest.slice(operator.length).trim() }
  }
  const at = text.search(/[=~<>]|!=/)
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at))
  if (at < 1 || !operator) {
    throw new LlmBatchError('usage', `${JSON.stringify(text)} is not a condition`, {
      next: 'Write COLUMN=VALUE, or with !=, ~ (contains), <, <=, > or >= instead of =.',
    })
  }
  return { name: text.slice(0, at).trim(), operator, operand: text.slice(at + operator.length).trim() }
}

/** A mistyped status would find nothing, and finding nothing looks like good news. */
function assertStatus(word: string): void {
  if (STATUSES.includes(word)) return
  const near = nearMatches(word, STATUSES)
  throw new LlmBatchError('usage', `no row can have the status ${JSON.stringify(word)}`, {
    next: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Statuses are ${STATUSES.join(', ')}.`,
  })
}

function comparison(operator: Operator, operand: string, text: string): (cell: Cell) => boolean {
  const number = NUMBER.test(operand) ? Number(operand) : null
  const isSame = (cell: Cell): boolean => cell.text === operand || (cell.number !== null && cell.number === number)
  if (operator === '=') return isSame
  if (operator === '!=') return (cell) => !isSame(cell)
  if (operator === '~') {
    const part = operand.toLowerCase()
    return (cell) => cell.text.toLowerCase().includes(part)
  }
  if (number === null) {
    throw new LlmBatchError(
      'usage',
      `${JSON.stringify(text)} compares with ${JSON.stringify(operand)}, which is not a number`,
      {
        next: 'Use = for text, or ~ for a part of it.',
      },
    )
  }
  const isInOrder = ORDERS[operator]
  return (cell) => {
    const value = numberIn(cell)
    return value !== null && isInOrder(value, number)
  }
}

const ORDERS: Readonly<Record<'<' | '<=' | '>' | '>=', (value: number, other: number) => boolean>> = {
  '<': (value, other) => value < other,
  '<=': (value, other) => value <= other,
  '>': (value, other) => value > other,
  '>=': (value, other) => value >= other,
}

/** CSV has no numbers, only text that looks like them. */
function numberIn({ number, text }: Cell): number | null {
  if (number !== null) return number
  return NUMBER.test(text.trim()) ? Number(text) : null
}
