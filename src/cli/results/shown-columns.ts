import { shownJson } from '../../lib/shown-json.ts'
import type { RunDefinition } from '../../model/run.ts'
import { errorOf, outputOf } from '../../output/answer.ts'
import type { Condition } from '../../results/condition.ts'
import { type ColumnFacts, findColumn, type LookedColumn } from '../../results/row-columns.ts'
import { cellOf, type RowView } from '../../results/row-view.ts'
import { lastMessage, shownInput } from '../../results/shown-input.ts'
import type { RunRecord } from '../../store/port/run.ts'

/** A column that is shown beside the id and the status of a row. */
export interface ShownColumn {
  readonly title: string
  /** Whole and as it is: any text, also of a model. */
  readonly text: (row: RowView) => string
  readonly isOptional: boolean
  readonly paint?: 'error'
}

/**
 * What is shown of a run's rows: the columns asked for, else those that the conditions and the prompt are about, the
 * answer, and the error.
 */
export function shownColumns(
  run: RunRecord,
  conditions: readonly Condition[],
  names: readonly string[] | undefined,
): readonly ShownColumn[] {
  if (names) return names.map((name) => columnNamed(name, run, false))
  const asked = conditions.map(({ column }) => column).filter((column) => isShownNowhere(column, run.definition))
  const byTitle = new Map(asked.map((column) => [titleOf(column), column]))
  const named = [...byTitle].map(([title, column]) => shown(title, column, true))
  const titles = new Set(named.map(({ title }) => title))
  return [
    ...named,
    ...inputColumns(run).filter(({ title }) => !titles.has(title)),
    { title: 'output', text: answerText, isOptional: false },
    { title: 'error', text: ({ row }) => errorOf(row) ?? '', isOptional: false, paint: 'error' },
  ]
}

/** Output, error, status and id have columns of their own. */
function isShownNowhere(column: LookedColumn, { idColumn }: RunDefinition): boolean {
  if (column.of === 'line') return false
  if (column.of === 'input') return column.name !== idColumn
  return column.path.length > 0 || !['output', 'error', 'status', 'id'].includes(column.name)
}

function columnNamed(name: string, facts: ColumnFacts, isOptional: boolean): ShownColumn {
  return shown(name, findColumn(name, facts), isOptional)
}

function shown(title: string, column: LookedColumn, isOptional: boolean): ShownColumn {
  if (column.of === 'answer' && column.name === 'output' && column.path.length === 0) {
    return { title, text: answerText, isOptional }
  }
  return { title, text: (row) => cellOf(row, column).text, isOptional }
}

function titleOf(column: LookedColumn): string {
  return column.of === 'line' ? 'line' : [column.name, ...column.path].join('.')
}

/** The answer; long vectors in it are cut. */
function answerText(row: RowView): string {
  const json = row.json()
  return json === undefined ? (outputOf(row.row) ?? '') : shownJson(json)
}

/** The part of the input that a person knows a row by. */
function inputColumns(run: RunRecord): readonly ShownColumn[] {
  const names = shownInput(run)
  if (names === null) return [{ title: 'prompt', text: ({ row }) => lastMessage(row.json), isOptional: true }]
  return names.map((name) => shown(name, { of: 'input', name, path: [] }, true))
}
