import { nearMatches } from '../lib/near-match.ts'
import { LlmBatchError } from '../model/error.ts'
import { type AnswerColumn, COLUMN_NAMES } from '../output/columns.ts'
import type { RunRecord } from '../store/port/run.ts'

/** A place in a row that can be looked at: a column, or a path into the JSON that it holds. */
export type LookedColumn =
  | { readonly of: 'input'; readonly name: string; readonly path: readonly string[] }
  | { readonly of: 'answer'; readonly name: AnswerColumn; readonly path: readonly string[] }
  /** The line of the input that the row stood on. */
  | { readonly of: 'line'; readonly path: readonly [] }

/** Meaning of column names in a run. */
export type ColumnFacts = Pick<RunRecord, 'columns' | 'output'>

/**
 * The column that a name means: a column of the input, else one of ours with or without its prefix, else a path into
 * one of these such as `output.label`. Throws `usage` where it is none of them.
 */
export function findColumn(name: string, facts: ColumnFacts): LookedColumn {
  const whole = wholeColumn(name, [], facts)
  if (whole) return whole
  const keys = name.split('.')
  for (let length = keys.length - 1; length > 0; length -= 1) {
    const column = wholeColumn(keys.slice(0, length).join('.'), keys.slice(length), facts)
    if (column) return column
  }
  throw unknownColumn(name, facts)
}

function wholeColumn(
  name: string,
  path: readonly string[],
  { columns, output }: ColumnFacts,
): LookedColumn | undefined {
  if (columns.some((column) => column.name === name)) return { of: 'input', name, path }
  const plain = name.startsWith(output.prefix) ? name.slice(output.prefix.length) : name
  const ours = COLUMN_NAMES.find((column) => column === plain || column === name)
  if (ours === 'output' || (ours !== undefined && path.length === 0)) return { of: 'answer', name: ours, path }
  return name === 'line' && path.length === 0 ? { of: 'line', path: [] } : undefined
}

/** Every name that means a column by itself. */
export function columnNames({ columns, output }: ColumnFacts): readonly string[] {
  return [
    ...columns.map(({ name }) => name),
    ...COLUMN_NAMES,
    ...COLUMN_NAMES.map((column) => output.prefix + column),
    'line',
  ]
}

/** Names listed in an error. */
const MOST_NAMES = 20

function unknownColumn(name: string, facts: ColumnFacts): LlmBatchError {
  const near = nearMatches(name, columnNames(facts))
  const names = facts.columns.map((column) => column.name)
  const inputs = names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '')
  const known = `The input has ${inputs || 'no columns'}; the added columns are ${COLUMN_NAMES.join(', ')}, line, and output.NAME for a part of a JSON answer.`
  return new LlmBatchError('usage', `the run has no column ${JSON.stringify(name)}`, {
    next: near.length > 0 ? `Did you mean ${near.join(' or ')}? ${known}` : known,
  })
}
