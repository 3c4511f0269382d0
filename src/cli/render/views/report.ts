import { formatDuration } from '../../../lib/duration.ts'
import { plainLine } from '../../../lib/plain-text.ts'
import { isCreatedBatch } from '../../../model/batch.ts'
import { isFinished } from '../../../model/run.ts'
import type { WrittenFiles } from '../../../results/finish.ts'
import type { RequestCounts } from '../../../store/port/batch.ts'
import type { RunRecord } from '../../../store/port/run.ts'
import { sharedRows } from '../../../workspace/progress.ts'
import type { FailureReason, RunReport } from '../../../workspace/report.ts'
import type { Colors } from '../terminal/colors.ts'
import { placeText, renderFacts } from '../terminal/facts.ts'
import { count, counted } from '../terminal/quantity.ts'
import { describeDamaged } from '../words/answers-words.ts'
import { costLimits, describeRunCost, describeUsedPrices } from '../words/cost-words.ts'
import { describeOutcomes, doneRows, openRows } from '../words/outcome-words.ts'
import { tellReason } from '../words/reason-words.ts'
import { describeCarried, describeShared } from '../words/sharing-words.ts'
import { describeState } from '../words/state-words.ts'
import { describeUsage } from '../words/usage-words.ts'
import { renderNext } from './next-command.ts'

const MOST_REASONS = 5

/** Name of a schema that the user did not name: no reader needs to see it. */
const USUAL_SCHEMA_NAME = 'answer'
const MOST_REASON_CHARACTERS = 140

/** Facts of a report besides those in the store. */
export interface ReportPlaces {
  /** The answers as just written, or null where none were written to a file. */
  readonly answers: WrittenFiles | null
  /** True where formulas in them were neutralised. */
  readonly isExcelSafe: boolean
  readonly runFolder: string
  readonly now: number
}

/** The report of a run: what became of its rows, what it cost, where everything lies, and what can be done next. */
export function renderReport(report: RunReport, places: ReportPlaces, colors: Colors): string {
  const { run, counts } = report
  const next = renderNext(report)
  const facts = renderFacts(
    [
      ['Why', isFinished(run.state) || run.reason === null ? null : plainLine(tellReason(run.reason))],
      ['Rows', rowsText(report, colors)],
      ['Carried', describeCarried(run.carried)],
      ['Shared', describeShared(sharedRows(run, counts))],
      ['Schema', schemaText(report)],
      ['Tokens', describeUsage(report.usage)],
      ['Cost', describeRunCost(report.cost)],
      ['Prices', describeUsedPrices(report.cost)],
      ...costLimits(report.cost),
      ['Time', formatDuration((run.finishedAt ?? places.now) - run.createdAt)],
      ['Batches', batchesText(report)],
      ['Answers', places.answers && placeText(places.answers.path)],
      ['Failed rows', failedText(places.answers)],
      ['Damaged', describeDamaged(places.answers)],
      ['Run folder', places.runFolder],
      ['Formulas', formulaText(places)],
    ],
    colors,
  )
  const headline = `${colors.bold(titleOf(run))}: ${count(counts.succeeded)} of ${count(run.rowCount)} rows succeeded`
  return `${headline}\n\n${facts}${incidentLines(report, colors)}${next === '' ? '' : `\n${next}`}`
}

function titleOf({ id, name, state, reason }: RunRecord): string {
  const run = name === null ? `Run ${id}` : `Run ${plainLine(name)} (${id})`
  if (isFinished(state)) return `${run} is ${state}${reason === null ? '' : `, ${plainLine(tellReason(reason))}`}`
  return reason === null ? `${run} is ${describeState(state)}` : `${run} is ${state}`
}

function rowsText({ counts, failures, run }: RunReport, colors: Colors): string {
  const open = openRows(counts)
  const outcomes = [...describeOutcomes(counts, colors), ...(open > 0 ? [`${count(open)} without a result yet`] : [])]
  return [outcomes.join(', ') || 'none', ...reasonLines(failures, run.id, closedFailures(counts))].join('\n')
}

const NOTE_WORDS: Readonly<Record<string, string>> = {
  code_fence: 'read out of a code fence',
  stray_text: 'read out of other text',
}

/** What checking the answers came to, besides those that are invalid; null for a run without a schema. */
function schemaText({ checked, run: { definition } }: RunReport): string | null {
  if (checked === null || definition.answer === null) return null
  const { reasked, tolerated } = checked
  const notes = Object.entries(tolerated).map(
    ([note, rows]) => `${counted(rows, 'answer')} ${NOTE_WORDS[note] ?? note}`,
  )
  const again = `${counted(reasked.rows, 'row')} asked again, in ${counted(reasked.requests, 'further request')}`
  const name = definition.answer.name === USUAL_SCHEMA_NAME ? [] : [plainLine(definition.answer.name)]
  const parts = [...name, ...notes, ...(reasked.rows > 0 ? [again] : [])]
  return parts.length === 0 ? null : parts.join('; ')
}

function batchesText({ attempts }: RunReport): string {
  const sent = attempts.filter(({ kind }) => isCreatedBatch(kind))
  const batches = new Set(sent.map(({ batchKey }) => batchKey)).size
  const more = sent.length - batches
  return more === 0 ? count(batches) : `${count(batches)}, ${counted(more, 'more attempt')}`
}

/** Things the user may want to take up with the provider. */
function incidentLines({ incidents }: RunReport, colors: Colors): string {
  const lines = incidents.slice(0, MOST_REASONS).map(({ detail, remoteIds }) => {
    const ids = remoteIds.length === 0 ? '' : ` (${remoteIds.join(', ')})`
    return `${colors.yellow('!')} ${plainLine(detail + ids)}\n`
  })
  const rest = incidents.length - lines.length
  const all = rest > 0 ? [...lines, `${colors.yellow('!')} and ${count(rest)} more\n`] : lines
  return all.length === 0 ? '' : `\n${all.join('')}`
}

/** Rows that ended without success, but for those that were never sent. */
function closedFailures(counts: RequestCounts): number {
  return doneRows(counts) - counts.succeeded - counts.skipped
}

/** The most frequent causes of failure, one a line, and how many of the `total` rows have another one. */
function reasonLines(failures: readonly FailureReason[], runId: string, total: number): readonly string[] {
  const shown = failures.slice(0, MOST_REASONS)
  const rest = total - shown.reduce((sum, failure) => sum + failure.count, 0)
  const lines = shown.map((failure) => {
    const words = [failure.code, failure.reason].filter((part) => part !== null).join(': ')
    const why = words === '' ? 'no reason given' : plainLine(words, MOST_REASON_CHARACTERS)
    return `${count(failure.count)} ${failure.status}: ${why}`
  })
  const more = `${counted(rest, 'row')} with other causes: llm-batch results ${runId} --summary`
  return shown.length === MOST_REASONS && rest > 0 ? [...lines, more] : lines
}

function failedText(answers: WrittenFiles | null): string | null {
  const failed = answers?.failed
  return failed ? `${counted(failed.rows, 'row')} also in ${placeText(failed.path)}` : null
}

function formulaText({ answers, isExcelSafe }: ReportPlaces): string | null {
  if (answers === null || answers.formulaCells === 0) return null
  const cells = counted(answers.formulaCells, 'answer cell')
  return isExcelSafe
    ? `${cells} that a spreadsheet would have run now begin with '; the columns of the input are as they were`
    : `${cells} would be run by a spreadsheet; write the answers again with --excel-safe before opening them in one`
}
