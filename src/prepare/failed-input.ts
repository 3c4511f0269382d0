import type { RowColumns } from '../batching/prepared-row.ts'
import { jsonMembers } from '../lib/json-members.ts'
import type { Column } from '../model/column.ts'
import type { OutputPlan } from '../model/run.ts'
import { COLUMN_NAMES, USUAL_COLUMNS } from '../output/columns.ts'

/** Looks in the rows of an input for one that a run has answered already, by the column that a run writes. */
export class AnsweredRows {
  readonly #column: string
  hasAny = false

  constructor({ prefix }: Pick<OutputPlan, 'prefix'>) {
    this.#column = `${prefix}status`
  }

  add(json: string, { names, table }: RowColumns): void {
    const isThere = names.includes(this.#column) || table?.some(({ name }) => name === this.#column)
    if (this.hasAny || !isThere) return
    const status = jsonMembers(json).get(this.#column)
    this.hasAny = status !== undefined && json.slice(status.start, status.end) === '"succeeded"'
  }
}

/** True for an input with all columns that an answers file has. */
function isAnswersFile({ columns: named, prefix }: OutputPlan, columns: readonly Column[]): boolean {
  const names = new Set(columns.map(({ name }) => name))
  return named === null && USUAL_COLUMNS.every((name) => names.has(prefix + name))
}

/**
 * The plan for rows that did not succeed, as a run writes them to a file of their own: the user's own columns are kept,
 * and what the earlier run has said of the rows makes room for what this one says. Only for an answers file without an
 * answered row; the same plan for any other.
 */
export function withoutEarlierColumns(plan: OutputPlan, columns: readonly Column[]): OutputPlan {
  if (!isAnswersFile(plan, columns)) return plan
  const { prefix } = plan
  const earlier = new Set(COLUMN_NAMES.map((name) => prefix + name))
  const isEarlier = (name: string): boolean =>
    earlier.has(name) || /^output(?:_raw$|\.)/.test(afterPrefix(name, prefix))
  return { ...plan, columns: columns.map(({ name }) => name).filter((name) => !isEarlier(name)) }
}

function afterPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : ''
}
