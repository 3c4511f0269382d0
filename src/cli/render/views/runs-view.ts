import { formatDuration } from '../../../lib/duration.ts'
import type { RequestCounts } from '../../../store/port/batch.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import type { Colors } from '../terminal/colors.ts'
import { type FittedColumn, renderFittedTable } from '../terminal/fitted-table.ts'
import { count, percent } from '../terminal/quantity.ts'
import { fitted } from '../terminal/width.ts'
import { doneRows } from '../words/outcome-words.ts'
import { describeState } from '../words/state-words.ts'

/** A run of the list. */
export interface ListedRun {
  readonly run: RunRecord
  readonly counts: RequestCounts
}

const MOST_NAME_CHARACTERS = 40

/** The columns of the list; only a name and a model are cut, and the model goes first where there is no room. */
function columnsAt(now: number): readonly FittedColumn<ListedRun>[] {
  return [
    { title: 'run', isWhole: true, text: ({ run }) => run.id },
    { title: 'name', text: ({ run }) => fitted(run.name ?? '', MOST_NAME_CHARACTERS) },
    { title: 'state', isWhole: true, text: ({ run }) => describeState(run.state) },
    {
      title: 'done',
      isWhole: true,
      isNumeric: true,
      text: ({ counts, run }) => percent(doneRows(counts), run.rowCount),
    },
    { title: 'rows', isWhole: true, isNumeric: true, text: ({ run }) => count(run.rowCount) },
    {
      title: 'failed',
      isWhole: true,
      isNumeric: true,
      text: ({ counts }) => count(doneRows(counts) - counts.succeeded),
    },
    { title: 'model', isOptional: true, text: ({ run: { definition } }) => modelText(definition) },
    {
      title: 'started',
      isWhole: true,
      isNumeric: true,
      text: ({ run }) => `${formatDuration(now - run.createdAt)} ago`,
    },
  ]
}

/**
 * All runs of a home as a table, in the order given. Rows that ended in any other way than with a usable answer count as
 * failed.
 * @default width as wide as it needs to be
 */
export function renderRuns(
  runs: readonly ListedRun[],
  now: number,
  colors: Colors,
  width = Number.POSITIVE_INFINITY,
): string {
  if (runs.length === 0)
    return 'There are no runs here yet. Start one with: llm-batch run INPUT --model PROVIDER/MODEL\n'
  return `${renderFittedTable(columnsAt(now), runs, width, colors)}\n`
}

function modelText({ model, provider }: RunRecord['definition']): string {
  return model === null ? provider : `${provider}/${model}`
}
