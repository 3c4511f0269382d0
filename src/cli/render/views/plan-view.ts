import { plainLine, plainText } from '../../../lib/plain-text.ts'
import type { Problem } from '../../../model/problem.ts'
import type { Tail } from '../../../model/run.ts'
import type { PlanSummary, TargetSummary } from '../../../plan/summary.ts'
import { dollars } from '../../../prices/dollars.ts'
import type { Colors } from '../terminal/colors.ts'
import { type Fact, renderFacts } from '../terminal/facts.ts'
import { bytes, count, counted } from '../terminal/quantity.ts'
import { renderTable, type TableColumn } from '../terminal/table.ts'
import {
  describeAnswers,
  describeCost,
  describeFullPrice,
  describePrices,
  describeReasks,
  describeRequests,
  describeTail,
  describeTime,
  describeTokens,
} from '../words/estimate-words.ts'
import { describePromptCache } from '../words/prompt-cache-words.ts'
import { describeRecovery } from '../words/recovery-words.ts'
import { describeCarried, describeSaving } from '../words/sharing-words.ts'
import { renderProblems } from './problems.ts'

/** Facts that `plan` shows; nothing was sent. */
export interface PlanView {
  /** Where the input came from, for people. */
  readonly input: string
  readonly summary: PlanSummary
  /** How the rest is asked at the deadline, where it is. */
  readonly tail?: Tail | undefined
  /** Bytes that are free where the run would live. */
  readonly freeBytes: number | null
  /** The first request as the model would get it; null where there is none. */
  readonly firstPrompt: string | null
  /** The first problems, and how many there are in all. */
  readonly problems: readonly Problem[]
  readonly problemCount: number
  readonly notes: readonly string[]
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'model' },
  { title: 'endpoint' },
  { title: 'batches', isNumeric: true },
  { title: 'requests', isNumeric: true },
  { title: 'upload', isNumeric: true },
  { title: 'cost', isNumeric: true },
]

const MOST_PROMPT_LINES = 10
const MOST_PROMPT_CHARACTERS = 200

/** What would be sent, what it takes, and what the first prompt looks like. */
export function renderPlan(plan: PlanView, colors: Colors): string {
  const { summary } = plan
  const facts = renderFacts(
    [
      ['Input', plainLine(plan.input)],
      ['Rows', rowsText(summary)],
      ['Requests', describeRequests(summary)],
      ...estimateFacts(summary, plan.tail),
      ['Disk', `${bytes(summary.diskBytes)}${plan.freeBytes === null ? '' : ` of ${bytes(plan.freeBytes)} free`}`],
    ],
    colors,
  )
  const { targets } = summary
  const sections = [
    `${colors.bold('Plan')}: nothing is sent\n\n${facts}`,
    targets.length === 0 ? '' : `${renderTable(COLUMNS, targets.map(targetCells), colors)}\n`,
    plan.firstPrompt === null ? '' : `${colors.dim('First prompt')}\n${promptLines(plan.firstPrompt)}\n`,
    renderProblems(plan.problems, plan.problemCount, colors),
    plan.notes.map((note) => `${colors.yellow('!')} ${plainLine(note)}\n`).join(''),
  ]
  return sections.filter((section) => section !== '').join('\n')
}

/** What a plan costs and how long it may take; the same before a run begins. */
export function estimateFacts(summary: PlanSummary, tail?: Tail): readonly Fact[] {
  return [
    ['Carried', describeCarried(summary.sharing.carried)],
    ['Shared', describeSaving(summary.sharing.shared)],
    ['Tokens', describeTokens(summary)],
    ['Cache', describePromptCache(summary.promptCache)],
    ['Answers', describeAnswers(summary) || null],
    ['Cost', describeCost(summary.cost)],
    ['Asking again', describeReasks(summary)],
    ['Full price', describeFullPrice(summary.cost)],
    ['Tail', describeTail(summary.cost, tail)],
    ['Prices', describePrices(summary.targets.map(({ price }) => price))],
    ['Time', describeTime(summary)],
    ['Crash safety', describeRecovery(summary.recovery)],
  ]
}

function rowsText({ emptyPlaceholders, problems, rows }: PlanSummary): string {
  const parts = [count(rows)]
  if (problems > 0) parts.push(`${count(problems)} of them skipped for a problem`)
  if (emptyPlaceholders > 0) parts.push(`${count(emptyPlaceholders)} with nothing but empty placeholders`)
  return parts.join(', ')
}

function targetCells({ target, ...planned }: TargetSummary): readonly string[] {
  return [
    plainLine(`${target.provider}/${target.model}`),
    plainLine(target.endpoint),
    count(planned.batches),
    count(planned.requests),
    bytes(planned.bytes),
    dollars(planned.cost?.expectedUsd ?? null),
  ]
}

/** The beginning of a prompt: its first lines, each of limited length. */
function promptLines(prompt: string): string {
  const lines = plainText(prompt).split('\n')
  const shown = lines
    .slice(0, MOST_PROMPT_LINES)
    .map((line) => `  ${line.length > MOST_PROMPT_CHARACTERS ? plainLine(line, MOST_PROMPT_CHARACTERS) : line}`)
  const rest = lines.length - shown.length
  return [...shown, ...(rest > 0 ? [`  … and ${counted(rest, 'more line')}`] : [])].join('\n')
}
