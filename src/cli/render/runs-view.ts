import { formatDuration } from '../../lib/duration.ts'
import { plainLine } from '../../lib/plain-text.ts'
import type { RequestCounts, RunRecord } from '../../store/store.ts'
import type { Colors } from './colors.ts'
import { doneRows } from './outcome-words.ts'
import { count, percent } from './quantity.ts'
import { renderTable, type TableColumn } from './table.ts'

/** A run of the list. */
export interface ListedRun {
  readonly run: RunRecord
  readonly counts: RequestCounts
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'run' },
  { title: 'name' },
  { title: 'state' },
  { title: 'done', isNumeric: true },
  { title: 'rows', isNumeric: true },
  { title: 'not succeeded', isNumeric: true },
  { title: 'model' },
  { title: 'started', isNumeric: true },
]

const MOST_NAME_CHARACTERS = 40

/** All runs of a home as a table, in the order given. */
export function renderRuns(runs: readonly ListedRun[], now: number, colors: Colors): string {
  if (runs.length === 0)
    return 'There are no runs here yet. Start one with: llm-batch run INPUT --model PROVIDER/MODEL\n'
  const rows = runs.map((listed) => runCells(listed, now))
  return `${renderTable(COLUMNS, rows, colors)}\n`
}

function runCells({ run, counts }: ListedRun, now: number): readonly string[] {
  const done = doneRows(counts)
  const { provider, model } = run.definition
  return [
    run.id,
    plainLine(run.name ?? '', MOST_NAME_CHARACTERS),
    run.state,
    percent(done, run.rowCount),
    count(run.rowCount),
    count(done - counts.succeeded),
    plainLine(model === null ? provider : `${provider}/${model}`),
    `${formatDuration(now - run.createdAt)} ago`,
  ]
}
