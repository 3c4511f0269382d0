import { formatDuration } from '../../lib/duration.ts'
import { plainLine } from '../../lib/plain-text.ts'
import { isFinished } from '../../model/run.ts'
import { dollars } from '../../prices/dollars.ts'
import type { RunCost } from '../../run/run-cost.ts'
import type { AttemptRecord, RequestCounts, RunRecord } from '../../store/store.ts'
import { describeBatch } from './batch-words.ts'
import type { Colors } from './colors.ts'
import { describeCap } from './cost-words.ts'
import { placeText, renderFacts } from './facts.ts'
import { nextStep } from './next-command.ts'
import { describeOutcomes, doneRows } from './outcome-words.ts'
import { count, percent } from './quantity.ts'
import { renderTable, type TableColumn } from './table.ts'

/** What `status` shows of one run. */
export interface RunStatus {
  readonly run: RunRecord
  readonly counts: RequestCounts
  /** The newest attempt of each batch, in order of their batches. */
  readonly attempts: readonly AttemptRecord[]
  readonly cost: RunCost
  readonly now: number
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'batch', isNumeric: true },
  { title: 'state' },
  { title: 'requests', isNumeric: true },
  { title: 'id at the provider' },
  { title: 'age', isNumeric: true },
  { title: 'looks', isNumeric: true },
  { title: 'reason' },
]

const MOST_REASON_CHARACTERS = 100

/** Where a run stands: its state, its rows, its batches, and what can be done next. */
export function renderStatus(status: RunStatus, colors: Colors): string {
  const { run, counts, cost, attempts, now } = status
  const next = nextStep(run.id, run.state, counts)
  const facts = renderFacts(
    [
      ['State', run.reason === null ? run.state : `${run.state}: ${plainLine(run.reason)}`],
      ['Rows', rowsText(run, counts, colors)],
      ['Cost', `${dollars(cost.totalUsd)} so far`],
      ['Cap', describeCap(cost)],
      ['Model', run.definition.model === null ? null : plainLine(`${run.definition.provider}/${run.definition.model}`)],
      ['Input', run.definition.inputPath && placeText(run.definition.inputPath)],
      ['Answers', run.output.path && placeText(run.output.path)],
      ['Started', new Date(run.createdAt).toISOString()],
      ['Deadline', deadlineText(run, now)],
      ['Took', run.finishedAt === null ? null : formatDuration(run.finishedAt - run.createdAt)],
    ],
    colors,
  )
  const table = renderTable(
    COLUMNS,
    attempts.map((attempt) => attemptCells(attempt, now)),
    colors,
  )
  const title = run.name === null ? `Run ${run.id}` : `Run ${plainLine(run.name)} (${run.id})`
  return [
    `${colors.bold(title)}\n\n${facts}`,
    attempts.length === 0 ? '' : `${table}\n`,
    next === null ? '' : `Next: ${next}\n`,
  ]
    .filter((section) => section !== '')
    .join('\n')
}

function rowsText({ rowCount }: RunRecord, counts: RequestCounts, colors: Colors): string {
  const done = doneRows(counts)
  const outcomes = describeOutcomes(counts, colors).join(', ')
  return `${count(done)} of ${count(rowCount)} done (${percent(done, rowCount)})${outcomes === '' ? '' : `: ${outcomes}`}`
}

/** What is left until the deadline; null where there is none to wait for. */
function deadlineText({ deadline, state }: RunRecord, now: number): string | null {
  if (deadline === null || isFinished(state)) return null
  const at = new Date(deadline.at).toISOString()
  if (now >= deadline.at) return `${at}, which is over`
  const windUp = now >= deadline.windUpAt ? 'now' : `in ${formatDuration(deadline.windUpAt - now)}`
  return `${at}, ${formatDuration(deadline.at - now)} left; what is unfinished is cancelled ${windUp}`
}

function attemptCells(attempt: AttemptRecord, now: number): readonly string[] {
  const tries = attempt.number > 1 ? ` (attempt ${attempt.number})` : ''
  const age = attempt.submittedAt === null ? '' : formatDuration((attempt.endedAt ?? now) - attempt.submittedAt)
  return [
    String(attempt.batch),
    describeBatch(attempt) + tries,
    count(attempt.requestCount),
    plainLine(attempt.remoteId ?? '-'),
    age,
    count(attempt.polls),
    plainLine(attempt.reason ?? '', MOST_REASON_CHARACTERS),
  ]
}
