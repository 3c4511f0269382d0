import { DAY_MS, formatDuration } from '../../../lib/duration.ts'
import { plainLine } from '../../../lib/plain-text.ts'
import { isFinished, type RunState } from '../../../model/run.ts'
import { dollars } from '../../../prices/dollars.ts'
import type { Evidence } from '../../../probe/evidence.ts'
import type { Recovery } from '../../../providers/provider.ts'
import type { AttemptRecord } from '../../../store/port/attempt.ts'
import type { RequestCounts } from '../../../store/port/batch.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import type { Lifetime } from '../../../workspace/lifetime.ts'
import { sharedRows } from '../../../workspace/progress.ts'
import type { Retryable } from '../../../workspace/retryable.ts'
import type { RunCost } from '../../../workspace/run-cost.ts'
import type { Colors } from '../terminal/colors.ts'
import { placeText, renderFacts } from '../terminal/facts.ts'
import { count, percent } from '../terminal/quantity.ts'
import { renderTable, type TableColumn } from '../terminal/table.ts'
import { displayWidth, wrapped } from '../terminal/width.ts'
import { describeAnswersPlace } from '../words/answers-words.ts'
import { describeBatch } from '../words/batch-words.ts'
import { costLimits } from '../words/cost-words.ts'
import { inputWords } from '../words/input-words.ts'
import { describeOutcomes, doneRows } from '../words/outcome-words.ts'
import { tellReason } from '../words/reason-words.ts'
import { describeRecovery } from '../words/recovery-words.ts'
import { describeCarried, describeShared } from '../words/sharing-words.ts'
import { describeState } from '../words/state-words.ts'
import { describeEvidence } from './evidence-view.ts'
import { renderNext } from './next-command.ts'

/** Facts that `status` shows of one run. */
export interface RunStatus {
  readonly run: RunRecord
  readonly counts: RequestCounts
  readonly retryable: Retryable
  /** The newest attempt of each batch, in order of their batches. */
  readonly attempts: readonly AttemptRecord[]
  readonly cost: RunCost
  readonly now: number
  /** How long a batch lives at the provider. */
  readonly lifetimeOf: (attempt: AttemptRecord) => Lifetime
  readonly recovery: Recovery
  /** True where a file lies at the place that was named for the answers. */
  readonly areAnswersThere: boolean
  /** True while a process works on the run. */
  readonly isWorkedOn: boolean
  /** True where a worker of the home takes the run further. */
  readonly hasWorkers: boolean
  /** On which evidence the promise rests at this provider. */
  readonly evidence: Evidence | null
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'batch', isNumeric: true },
  { title: 'state' },
  { title: 'requests', isNumeric: true },
  { title: 'id at the provider' },
  { title: 'time', isNumeric: true },
  { title: 'results kept' },
  { title: 'looks', isNumeric: true },
  { title: 'reason' },
]

const MOST_REASON_CHARACTERS = 100

/** Places in a batch's cells of what goes below its line where there is no room beside it. */
const BELOW = [3, 6, 7]

/** What goes below a batch's line begins under its state. */
const INDENT = ' '.repeat(7)

/**
 * Where a run stands: its state, its rows, its batches, and what can be done next.
 * @default width as wide as it needs to be
 */
export function renderStatus(status: RunStatus, colors: Colors, width = Number.POSITIVE_INFINITY): string {
  const { run, counts, cost, attempts, now } = status
  const facts = renderFacts(
    [
      ['State', stateText(status)],
      ['Rows', rowsText(run, counts, colors)],
      ['Carried', describeCarried(run.carried)],
      ['Shared', describeShared(sharedRows(run, counts))],
      ['Cost', `${dollars(cost.totalUsd)}${isFinished(run.state) ? '' : ' until now'}`],
      ...costLimits(cost),
      ['Model', run.definition.model === null ? null : plainLine(`${run.definition.provider}/${run.definition.model}`)],
      ['Input', inputWords(run.definition.inputPaths, placeText)],
      ['Answers', describeAnswersPlace(run, status.areAnswersThere)],
      ['Started', new Date(run.createdAt).toISOString()],
      ['Live test', liveTestText(status, colors)],
      ['Deadline', deadlineText(run, now)],
      ['Priority', run.priority === 'normal' || isFinished(run.state) ? null : run.priority],
      ['Crash safety', isFinished(run.state) ? null : describeRecovery(status.recovery)],
      ['Took', run.finishedAt === null ? null : formatDuration(run.finishedAt - run.createdAt)],
    ],
    colors,
  )
  const table = batchTable(status, colors, width)
  return [`${colors.bold(titleOf(run))}\n\n${facts}`, attempts.length === 0 ? '' : `${table}\n`, renderNext(status)]
    .filter((section) => section !== '')
    .join('\n')
}

/** The run by its name, where it has one, and its id. */
export function titleOf({ id, name }: RunRecord): string {
  return name === null ? `Run ${id}` : `Run ${plainLine(name)} (${id})`
}

/** States in which a process works on a run, unless it was killed. */
const STATES_AT_WORK: readonly RunState[] = ['running', 'cancelling']

/** The state of a run with its reason, and whether it lost its process. */
export function stateText({
  hasWorkers,
  isWorkedOn,
  run: { reason, state },
}: Pick<RunStatus, 'hasWorkers' | 'isWorkedOn' | 'run'>): string {
  const isLeft = !isWorkedOn && !hasWorkers && STATES_AT_WORK.includes(state)
  const word = describeState(state)
  const text = isLeft ? `${word}, but no process is working on it` : word
  return reason === null ? text : `${text}: ${plainLine(tellReason(reason))}`
}

/** A line for each batch, or two where one would be longer than the terminal is wide. */
function batchTable(status: RunStatus, colors: Colors, width: number): string {
  const rows = status.attempts.map((attempt) => attemptCells(attempt, status))
  const wide = renderTable(COLUMNS, rows, colors)
  if (wide.split('\n').every((line) => displayWidth(line) <= width)) return wide
  const isBeside = (_: unknown, place: number): boolean => !BELOW.includes(place)
  const [titles = '', ...lines] = renderTable(
    COLUMNS.filter(isBeside),
    rows.map((cells) => cells.filter(isBeside)),
    colors,
  ).split('\n')
  const below = rows.map(([, , , id = '', , , looks = '', reason = '']) => {
    const pieces = [id === '-' ? '' : id, looks === '0' ? '' : `${looks} looks`, reason].filter((piece) => piece !== '')
    return wrapped(pieces.join(', ').split(' '), width - INDENT.length).map((line) => INDENT + colors.dim(line))
  })
  return [titles, ...lines.flatMap((line, index) => [line, ...(below[index] ?? [])])].join('\n')
}

/** How many rows are done, and what became of them. */
export function rowsText({ rowCount }: RunRecord, counts: RequestCounts, colors: Colors): string {
  const done = doneRows(counts)
  const outcomes = describeOutcomes(counts, colors).join(', ')
  return `${count(done)} of ${count(rowCount)} done (${percent(done, rowCount)})${outcomes === '' ? '' : `: ${outcomes}`}`
}

/** A model that a probe could be bought from: the run's own. */
function probeModel({ definition: { model, provider } }: RunRecord, [first]: readonly AttemptRecord[]): string {
  return plainLine(`${provider}/${model ?? first?.target.model ?? 'MODEL'}`)
}

/** What a live probe showed of the provider; without one, only while a run goes on is it worth a line. */
function liveTestText({ attempts, evidence, run }: RunStatus, colors: Colors): string | null {
  if (evidence === null && isFinished(run.state)) return null
  return describeEvidence(evidence, probeModel(run, attempts), colors)
}

/** What is left until the deadline; null where there is none to wait for. */
function deadlineText({ deadline, state, tailBegunAt }: RunRecord, now: number): string | null {
  if (deadline === null || isFinished(state)) return null
  const at = new Date(deadline.at).toISOString()
  if (now >= deadline.at) return `${at}, which is over`
  const windUp = now >= deadline.windUpAt ? 'now' : `in ${formatDuration(deadline.windUpAt - now)}`
  const left = `${at}, ${formatDuration(deadline.at - now)} left`
  if (tailBegunAt !== null) return `${left}; until then the rest is asked directly`
  return `${left}; what is unfinished is cancelled ${windUp}${deadline.tail === null ? '' : ', then asked directly'}`
}

function attemptCells(attempt: AttemptRecord, { lifetimeOf, now }: RunStatus): readonly string[] {
  const tries = attempt.number > 1 ? ` (attempt ${attempt.number})` : ''
  const lifetime = lifetimeOf(attempt)
  return [
    String(attempt.batch),
    describeBatch(attempt) + tries,
    count(attempt.requestCount),
    plainLine(attempt.remoteId ?? '-'),
    ageText(attempt, lifetime, now),
    keptText(attempt, lifetime, now),
    count(attempt.polls),
    plainLine(attempt.reason === null ? '' : tellReason(attempt.reason), MOST_REASON_CHARACTERS),
  ]
}

/** `3h 20m of 1d` for a batch that is at work, else how long it took. */
function ageText({ endedAt, stage, submittedAt }: AttemptRecord, { expiresAt }: Lifetime, now: number): string {
  if (submittedAt === null) return ''
  const age = formatDuration((endedAt ?? now) - submittedAt)
  return stage === 'submitted' && expiresAt !== null ? `${age} of ${formatDuration(expiresAt - submittedAt)}` : age
}

function keptText({ stage }: AttemptRecord, { resultsUntil, retentionDays }: Lifetime, now: number): string {
  if (stage === 'collected') return 'here'
  if (stage === 'submitted') return `${formatDuration(retentionDays * DAY_MS)} after it ends`
  if (resultsUntil === null) return ''
  const day = new Date(resultsUntil).toISOString().slice(0, 10)
  return resultsUntil > now ? `until ${day}, ${formatDuration(resultsUntil - now)} left` : `only until ${day}`
}
