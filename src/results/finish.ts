import { repairOf } from '../collect/rebuild.ts'
import { readFrozenRows } from '../log/frozen-rows.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { commandLine, mention } from '../model/options/mention.ts'
import type { RowOutcome } from '../model/row.ts'
import type { OutputPlan } from '../model/run.ts'
import { answerShapeOf } from '../output/answer-shape.ts'
import type { TextSink } from '../output/destination.ts'
import { writeRunSummary } from '../output/run-summary.ts'
import { type WrittenAnswers, writeAnswers } from '../output/write-answers.ts'
import { describeProvider } from '../providers/registry.ts'
import type { RunStore } from '../store/store.ts'
import { VERSION } from '../version.ts'
import { costOfResult, type RunReport } from '../workspace/report.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { readAnswers } from './answers.ts'
import { rowLooker } from './row-view.ts'
import { describeSelection, EVERY_ROW, isWhole, type Selection, selectRows } from './selection.ts'

/** Files with the answers that were written. */
export interface WrittenFiles extends WrittenAnswers {
  readonly path: string
  /** `OUT.run.json`, or null for standard output. */
  readonly summaryPath: string | null
}

/** The rows of a run with their outcomes; needs no key. */
export async function* answersOf(
  workspace: Workspace,
  store: RunStore,
  providerName: string,
): AsyncGenerator<readonly RowOutcome[], void> {
  const { configuration, disk } = workspace
  const ports = { disk, folder: workspace.folderOf(store.id), store, provider: await describeProvider(providerName) }
  yield* readAnswers({ ...ports, repair: repairOf({ ...ports, settings: configuration.settings }) })
}

/** Place of the answers that are to be written, and content of the summary beside them. */
export interface AnswersOrder {
  readonly plan: OutputPlan & { readonly path: string }
  readonly report: RunReport
  /** Needed where the plan's path is `-`. */
  readonly sink?: TextSink | undefined
  /** @default every row of the run */
  readonly selection?: Selection | undefined
}

/**
 * Writes the answers of a run as they stand, and the summary beside them. A pure function of what is stored, so it may
 * be repeated, in any format, also while the run goes on. Throws `disk` where the file system does not take them.
 */
export async function writeRunAnswers(
  workspace: Workspace,
  store: RunStore,
  order: AnswersOrder,
): Promise<WrittenFiles> {
  try {
    return await writeFiles(workspace, store, order)
  } catch (error) {
    throw isRefusedAt(error, order.plan) ? unwritten(error, store.id, order.plan.path) : error
  }
}

/** True where the file system did not take the answers: it names their file, or none where bytes were written to it. */
function isRefusedAt(error: unknown, { failedPath, path }: AnswersOrder['plan']): error is Error {
  if (!(error instanceof Error) || !('syscall' in error) || path === '-') return false
  if (!('path' in error)) return WRITES.has(String(error.syscall))
  return [path, ...(failedPath === null ? [] : [failedPath])].some((place) => String(error.path).startsWith(place))
}

/** Calls on an open file that only writing makes. */
const WRITES: ReadonlySet<string> = new Set(['write', 'fsync', 'close'])

function unwritten(cause: Error, runId: string, path: string): LlmBatchError {
  const message = `the answers of run ${runId} could not be written to ${path}: ${messageOf(cause)}; the answers are kept`
  return new LlmBatchError('disk', message, {
    next: `Write them with: ${commandLine('results', runId, mention('output', 'OUT'))}`,
    cause,
  })
}

async function writeFiles(
  workspace: Workspace,
  store: RunStore,
  { plan, report, selection = EVERY_ROW, sink }: AnswersOrder,
): Promise<WrittenFiles> {
  const { configuration, disk } = workspace
  const { run } = report
  const costOf = costOfResult(configuration.prices)
  const portions = await store.portions()
  const rows = answersOf(workspace, store, run.definition.provider)
  const isPart = !isWhole(selection)
  const answers = await writeAnswers({
    rows: isPart ? selectedOutcomes(rows, rowLooker(costOf), selection) : rows,
    isPart,
    columns: run.columns,
    hasSources: run.files.length > 0,
    shape: answerShapeOf(run.definition),
    texts: () => readFrozenRows({ disk, folder: workspace.folderOf(store.id) }, portions),
    plan,
    costOf,
    hasTurns: run.definition.maxReasks > 0,
    disk,
    ...(sink ? { sink } : {}),
  })
  if (plan.path === '-') return { ...answers, path: plan.path, summaryPath: null }
  const facts = {
    ...report,
    run: { ...run, output: plan },
    version: VERSION,
    answers,
    selection: isPart ? describeSelection(selection) : null,
  }
  return { ...answers, path: plan.path, summaryPath: await writeRunSummary(plan.path, facts, disk) }
}

async function* selectedOutcomes(...wanted: Parameters<typeof selectRows>): AsyncIterable<readonly RowOutcome[]> {
  for await (const list of selectRows(...wanted)) yield list.map(({ row }) => row)
}
