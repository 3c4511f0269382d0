import { plainLine } from '../../lib/plain-text.ts'
import { COLUMN_NAMES } from '../../output/columns.ts'
import { answersOf } from '../../results/finish.ts'
import { type RowView, rowLooker } from '../../results/row-view.ts'
import { describeSelection, isWhole, type Selection, selectRows } from '../../results/selection.ts'
import { RowSumming } from '../../results/summarise.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { costOfResult } from '../../workspace/report.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { runDocument } from '../documents/report-document.ts'
import { type SelectionFlags, selectionFrom } from '../flags/selection-flags.ts'
import { count, counted } from '../render/terminal/quantity.ts'
import { renderRowTable, renderWholeRows } from '../render/views/rows-view.ts'
import { renderSummary } from '../render/views/summary-view.ts'
import type { Shell } from '../shell.ts'
import { shownColumns } from './shown-columns.ts'

/** Flags that select rows of a run and their form. */
export interface LookFlags extends SelectionFlags {
  readonly full?: boolean | undefined
  readonly columns?: readonly string[] | undefined
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** Rows of a table where the user does not say how many. */
const USUAL_LIMIT = 20

/** Shows rows of a run as a table, or one below the other, and says on standard error how to see more. */
export async function showRows(shell: Shell, workspace: Workspace, run: RunRecord, flags: LookFlags): Promise<void> {
  const selection = selectionFrom(flags, run, USUAL_LIMIT)
  const columns = shownColumns(run, selection.conditions, flags.columns)
  const { limit } = selection
  // One more than is shown, to know whether there is more.
  const rows = await gather(lookedRows(workspace, run, { ...selection, limit: limit === null ? null : limit + 1 }))
  const shown = limit === null ? rows : rows.slice(0, limit)
  if (shown.length > 0) {
    const colors = shell.outputColors
    const text = flags.full
      ? renderWholeRows(shown, columns, colors)
      : renderRowTable(shown, columns, shell.outputColumns, colors)
    await shell.print(text)
  }
  if (flags.quiet) return
  const hints = [
    ...(rows.length > shown.length ? ['More: --limit N, --sample N.'] : []),
    ...(flags.full || shown.length === 0 ? [] : ['Whole texts: --full.']),
  ]
  shell.tell([describeShown(shown.length, rows.length > shown.length, selection, run), ...hints].join(' '))
  for (const note of shadowNotes(selection, run)) shell.tell(note)
}

function describeShown(shown: number, hasMore: boolean, { conditions, sample }: Selection, run: RunRecord): string {
  const drawn = sample === null ? '' : `, drawn at random (--seed ${sample.seed})`
  if (conditions.length === 0) return `${count(shown)} of ${counted(run.rowCount, 'row')}${drawn}.`
  const fitting = `with ${plainLine(conditions.map(({ text }) => text).join(' and '))}`
  if (shown === 0) return `No row of run ${run.id} ${fitting}.`
  return `${hasMore ? 'The first ' : ''}${counted(shown, 'row')} ${fitting}${drawn}.`
}

/** An input may have a column named like ours, and the other one may have been meant. */
function shadowNotes({ conditions }: Selection, { output }: RunRecord): readonly string[] {
  const names = conditions.flatMap(({ column }) => (column.of === 'input' ? [column.name] : []))
  return [...new Set(names)]
    .filter((name) => COLUMN_NAMES.some((ours) => ours === name))
    .map((name) => `${name} is a column of the input here; the added column is ${output.prefix}${name}.`)
}

/** Shows what the rows of a run came to. */
export async function showSummary(shell: Shell, workspace: Workspace, run: RunRecord, flags: LookFlags): Promise<void> {
  const selection = selectionFrom(flags, run, null)
  const summing = new RowSumming()
  for await (const list of lookedRows(workspace, run, selection)) for (const row of list) summing.add(row)
  const summary = summing.result()
  if (flags.json) {
    await shell.printJson({ version: 1, run: runDocument(run), selection: describeSelection(selection), summary })
    return
  }
  const colors = shell.outputColors
  const part = isWhole(selection) ? counted(summary.rows, 'row') : `${counted(summary.rows, 'row')} of ${run.rowCount}`
  await shell.print(
    `${colors.bold(`Run ${run.id}`)}: ${part}\n\n${renderSummary(summary, shell.outputColumns, colors)}`,
  )
}

function lookedRows(workspace: Workspace, run: RunRecord, selection: Selection): AsyncIterable<readonly RowView[]> {
  const { definition, id } = run
  const look = rowLooker(costOfResult(workspace.configuration.prices))
  return selectRows(answersOf(workspace, workspace.store.read(id), definition.provider), look, selection)
}

async function gather<Item>(lists: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const items: Item[] = []
  for await (const list of lists) items.push(...list)
  return items
}
