import { plainLine, plainText } from '../../lib/plain-text.ts'
import type { Problem } from '../../model/problem.ts'
import type { Target } from '../../model/target.ts'
import type { Colors } from './colors.ts'
import { renderFacts } from './facts.ts'
import { renderProblems } from './problems.ts'
import { bytes, count, counted, dollars } from './quantity.ts'
import { renderTable, type TableColumn } from './table.ts'

/** The batches that a plan makes for one target. */
export interface PlannedTarget {
  readonly target: Target
  readonly batches: number
  readonly requests: number
  /** Bytes of their input files. */
  readonly bytes: number
}

/** What `plan` shows; nothing was sent. */
export interface PlanSummary {
  /** Where the input came from, for people. */
  readonly input: string
  readonly rows: number
  /** Rows that are left out for a problem. */
  readonly skippedRows: number
  /** Rows whose placeholders are all empty: they would cost money and ask nothing. */
  readonly emptyRows: number
  readonly requests: number
  readonly targets: readonly PlannedTarget[]
  /** Estimated input tokens; null where there is no estimate. */
  readonly promptTokens: number | null
  /** The most tokens that the answers may have; null where nothing limits them. */
  readonly mostCompletionTokens: number | null
  /** Estimated US dollars; null where no price is known. */
  readonly costUsd: number | null
  /** Bytes that the run will take on disk, and bytes that are free there. */
  readonly diskBytes: number
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
]

const MOST_PROMPT_LINES = 10
const MOST_PROMPT_CHARACTERS = 200

/** What would be sent, what it takes, and what the first prompt looks like. */
export function renderPlan(plan: PlanSummary, colors: Colors): string {
  const facts = renderFacts(
    [
      ['Input', plainLine(plan.input)],
      ['Rows', rowsText(plan)],
      ['Requests', count(plan.requests)],
      ['Tokens', tokensText(plan)],
      ['Cost', plan.costUsd === null ? 'unknown' : `about ${dollars(plan.costUsd)}`],
      ['Disk', `${bytes(plan.diskBytes)}${plan.freeBytes === null ? '' : ` of ${bytes(plan.freeBytes)} free`}`],
    ],
    colors,
  )
  const sections = [
    `${colors.bold('Plan')}: nothing is sent\n\n${facts}`,
    plan.targets.length === 0 ? '' : `${renderTable(COLUMNS, plan.targets.map(targetCells), colors)}\n`,
    plan.firstPrompt === null ? '' : `${colors.dim('First prompt')}\n${promptLines(plan.firstPrompt)}\n`,
    renderProblems(plan.problems, plan.problemCount, colors),
    plan.notes.map((note) => `${colors.yellow('!')} ${plainLine(note)}\n`).join(''),
  ]
  return sections.filter((section) => section !== '').join('\n')
}

function rowsText({ rows, skippedRows, emptyRows }: PlanSummary): string {
  const parts = [count(rows)]
  if (skippedRows > 0) parts.push(`${count(skippedRows)} of them left out for a problem`)
  if (emptyRows > 0) parts.push(`${count(emptyRows)} with nothing but empty placeholders`)
  return parts.join(', ')
}

function tokensText({ promptTokens, mostCompletionTokens }: PlanSummary): string | null {
  if (promptTokens === null) return null
  const most = mostCompletionTokens === null ? '' : `, at most ${count(mostCompletionTokens)} out`
  return `about ${count(promptTokens)} in${most}`
}

function targetCells({ target, ...planned }: PlannedTarget): readonly string[] {
  return [
    plainLine(`${target.provider}/${target.model}`),
    plainLine(target.endpoint),
    count(planned.batches),
    count(planned.requests),
    bytes(planned.bytes),
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
