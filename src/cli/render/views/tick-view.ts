import { plainLine } from '../../../lib/plain-text.ts'
import { EXIT, LlmBatchError, messageOf } from '../../../model/error.ts'
import { inFlags } from '../../../model/options/mention.ts'
import { isAtRest, isFinished } from '../../../model/run.ts'
import { exitCodeOf, type RunReport } from '../../../workspace/report.ts'
import { runDocument } from '../../documents/report-document.ts'
import { exitCodeOfError } from '../../exit-code.ts'
import type { Colors } from '../terminal/colors.ts'
import { count } from '../terminal/quantity.ts'
import { doneRows } from '../words/outcome-words.ts'
import { tellReason } from '../words/reason-words.ts'
import { describeState } from '../words/state-words.ts'
import { renderError } from './error-view.ts'
import { nextSteps } from './next-command.ts'

/** A run after its round of `tick`. */
export interface TickedRun extends RunReport {
  /** True where another process is working on the run, so that `tick` left it alone. */
  readonly isElsewhere: boolean
  /** What ended the round early; null where nothing did. */
  readonly error: unknown
}

/** Exit codes of single runs, the one that a person must know first. */
const BY_URGENCY = [EXIT.bug, EXIT.held, EXIT.usage, EXIT.unfinished]

/** The exit code of a whole `tick`: held before unfinished, 0 only when nothing is left to do. */
export function exitCodeOfTick(runs: readonly TickedRun[]): number {
  const codes = runs.map(exitCodeOfOne)
  return BY_URGENCY.find((code) => codes.includes(code)) ?? EXIT.ok
}

function exitCodeOfOne({ error, run: { state } }: TickedRun): number {
  if (state === 'held') return EXIT.held
  if (error !== null) return exitCodeOfError(error)
  return isAtRest(state) ? EXIT.ok : EXIT.unfinished
}

/** True where the run does not go on, or did not end, as it should: that is told with `--quiet` too. */
export function needsPerson(ticked: TickedRun): boolean {
  return ticked.error !== null || ticked.run.state === 'held' || hasFailures(ticked)
}

function hasFailures(ticked: TickedRun): boolean {
  return isFinished(ticked.run.state) && exitCodeOf(ticked, 0) !== EXIT.ok
}

/** Where the run stands; what failed, and the next command where a person must give it. */
export function renderTicked(ticked: TickedRun, colors: Colors): string {
  const { counts, error, isElsewhere, run } = ticked
  const title = run.name === null ? `Run ${run.id}` : `Run ${run.id} (${plainLine(run.name)})`
  const why = run.reason === null || run.state === 'paused' ? '' : `: ${plainLine(tellReason(run.reason))}`
  const lines = [
    `${title} is ${describeState(run.state)}${why}; ${count(doneRows(counts))} of ${count(run.rowCount)} rows done.`,
  ]
  if (isElsewhere) lines.push('Another process is working on it.')
  if (hasFailures(ticked)) lines.push(`Only ${count(counts.succeeded)} of these succeeded.`)
  const steps = run.state === 'held' || hasFailures(ticked) ? [...nextSteps(ticked)] : []
  if (isFinished(run.state) && run.output.path === '-') steps.push(`llm-batch results ${run.id} -o OUT`)
  const next = steps.map((step) => `\n${colors.dim('next:')} ${step}`).join('')
  const failure = error === null ? '' : `${title}: ${renderError(error, colors)}`
  return `${failure}${lines.join(' ')}${next}`
}

/** The same for `--json`. */
export function tickedDocument(ticked: TickedRun): object {
  const { counts, error, isElsewhere, run } = ticked
  return {
    run: runDocument(run),
    counts,
    isElsewhere,
    error: error === null ? null : errorDocument(error),
    next: isFinished(run.state) || run.state === 'held' ? (nextSteps(ticked)[0] ?? null) : null,
  }
}

function errorDocument(error: unknown): object {
  const isOurs = LlmBatchError.isInstance(error)
  return isOurs
    ? { code: error.code, ...error.inWords(inFlags) }
    : { code: null, message: messageOf(error), next: null }
}
