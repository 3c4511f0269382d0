import { LlmBatchError } from '../model/error.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import type { RowOutcome } from '../model/row.ts'
import { type AddedColumnsFormat, type AddedValues, addedColumnsFormat } from '../output/added-columns.ts'
import { into } from '../output/destination.ts'
import { textWriter } from '../output/text-writer.ts'
import type { RunRecord } from '../store/port/run.ts'
import { costOfResult } from '../workspace/report.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { type ComparisonRules, comparableOf, goldKey } from './comparable.ts'
import { type ComparedRow, Comparing, type Comparison } from './compare.ts'
import { answersOf } from './finish.ts'
import { type JoinCounts, type JoinedRows, joinByKey, joinByPlace, joinCounts, type KeyOf } from './join-rows.ts'
import { findColumn, type LookedColumn } from './row-columns.ts'
import { cellOf, type RowView, rowLooker } from './row-view.ts'

/** Options of a comparison of runs. */
export interface CompareOptions {
  /** The column that rows are joined by. @default the place of runs with the same rows, else the id */
  readonly by?: string | undefined
  /** The column of right answers. */
  readonly gold?: string | undefined
  readonly rules: ComparisonRules
  /** Rows that differ are kept up to this many, to be shown. */
  readonly mostShown: number
  /** Where all rows that differ are written; absolute, and may be replaced. */
  readonly file?: DifferencesFile | undefined
  /** Told after each row how many were compared. What it throws ends the comparison. @default nothing is told */
  readonly onCompared?: ((rows: number) => void) | undefined
}

export interface DifferencesFile {
  readonly path: string
  readonly format: AddedColumnsFormat
  readonly excelSafe: boolean
}

/** Runs side by side. */
export interface ComparedRuns {
  readonly joinedBy: 'place' | 'id' | 'column'
  readonly counts: JoinCounts
  readonly comparison: Comparison
  /** The first rows that differ. */
  readonly shown: readonly ComparedRow[]
  /** CSV cells of the file that a spreadsheet would take for a formula. */
  readonly formulaCells: number
}

/** What runs are called, in the order in which they were named. */
export const RUN_LETTERS = ['A', 'B', 'C', 'D', 'E', 'F'] as const

/**
 * Compares runs of the home on the rows that all of them have, with bounded memory. Needs no key; runs that go on may be
 * compared, rows without a result are counted. Throws `usage` where rows cannot be joined.
 */
export async function compareRuns(
  workspace: Workspace,
  runs: readonly RunRecord[],
  options: CompareOptions,
): Promise<ComparedRuns> {
  const join = joinOf(runs, options.by)
  const counts = joinCounts(runs.length)
  const comparing = new Comparing(runs.length, options.gold !== undefined)
  const shown: ComparedRow[] = []
  const rows = comparedRows(workspace, runs, options, join, counts)
  const { formulaCells } = await withFile(workspace, runs, options.file, async (write) => {
    let compared = 0
    for await (const row of rows) {
      compared += 1
      options.onCompared?.(compared)
      if (!comparing.add(row)) continue
      if (shown.length < options.mostShown) shown.push(row)
      await write(row)
    }
  })
  return { joinedBy: join.by, counts, comparison: comparing.result(), shown, formulaCells }
}

interface Join {
  readonly by: ComparedRuns['joinedBy']
  /** For each run; not needed by place. */
  readonly keys: readonly KeyOf[]
}

function joinOf(runs: readonly RunRecord[], by: string | undefined): Join {
  if (by !== undefined) return { by: 'column', keys: runs.map((run) => columnKey(findColumn(by, run))) }
  const [first] = runs
  if (first?.rowsHash && runs.every(({ rowsHash }) => rowsHash === first.rowsHash)) return { by: 'place', keys: [] }
  const nameless = runs.find(({ definition }) => definition.idColumn === null && definition.shape !== 'provider')
  if (!nameless)
    return {
      by: 'id',
      keys: runs.map(
        () =>
          ({ row }) =>
            row.id,
      ),
    }
  throw new LlmBatchError('usage', `the runs have different inputs, and the rows of run ${nameless.id} have no ids`, {
    next: `Name a column to join the rows by: ${commandLine('compare', 'RUN', 'RUN', mention('by', 'COLUMN'))}`,
  })
}

function columnKey(column: LookedColumn): KeyOf {
  return (row) => cellOf(row, column).text || null
}

async function* comparedRows(
  workspace: Workspace,
  runs: readonly RunRecord[],
  { gold, rules }: CompareOptions,
  { by, keys }: Join,
  counts: JoinCounts,
): AsyncIterable<ComparedRow> {
  const [first] = runs
  if (!first) return
  const goldColumn = gold === undefined ? null : findColumn(gold, first)
  const streams = runs.map((run) => lookedRows(workspace, run))
  const joined = by === 'place' ? joinByPlace(streams) : joinByKey(streams, keys, counts)
  for await (const rows of joined) {
    const answers = rows.map((row) => comparableOf(row, rules))
    yield { rows, answers, gold: goldColumn && rightAnswer(rows, goldColumn, rules) }
  }
}

function rightAnswer([row]: JoinedRows, column: LookedColumn, rules: ComparisonRules): ComparedRow['gold'] {
  const text = row === undefined ? '' : cellOf(row, column).text.trim()
  return text === '' ? null : { text, key: goldKey(text, rules) }
}

async function* lookedRows(workspace: Workspace, { definition, id }: RunRecord): AsyncIterable<readonly RowView[]> {
  const look = rowLooker(costOfResult(workspace.configuration.prices))
  const lists = answersOf(workspace, workspace.store.read(id), definition.provider)
  for await (const list of lists) yield list.map((row) => look(withoutRawLine(row)))
}

/** Rows may wait in memory for their partners, and the raw line is most of them. */
function withoutRawLine(row: RowOutcome): RowOutcome {
  return row.result === null ? row : { ...row, result: { ...row.result, rawLine: null } }
}

/** Does the work with a place to write rows that differ: a file that appears when it is whole, or nowhere. */
async function withFile(
  { disk }: Workspace,
  runs: readonly RunRecord[],
  file: DifferencesFile | undefined,
  work: (write: (row: ComparedRow) => Promise<unknown>) => Promise<void>,
): Promise<Pick<ComparedRuns, 'formulaCells'>> {
  if (!file) {
    await work(async () => undefined)
    return { formulaCells: 0 }
  }
  const columns = runs[0]?.columns.map(({ name }) => name) ?? []
  const format = addedColumnsFormat({ ...file, columns, added: differenceColumns(runs.length) })
  await into(file.path, { disk, sink: undefined }, async (sink) => {
    const writer = textWriter(format, sink)
    await work((row) => writer.add([differenceValues(row)]))
    await writer.finish()
  })
  return format
}

/** What the file says of each run. */
const FACTS = ['output', 'status', 'error'] as const

/** The columns added to those of the input: `llm_a_output`, `llm_a_status` and so on. */
export function differenceColumns(runs: number): readonly string[] {
  return RUN_LETTERS.slice(0, runs).flatMap((letter) => FACTS.map((fact) => `llm_${letter.toLowerCase()}_${fact}`))
}

function differenceValues({ rows }: ComparedRow): AddedValues {
  return { json: rows[0]?.row.json ?? '{}', values: rows.flatMap(({ answer }) => FACTS.map((fact) => answer(fact))) }
}
