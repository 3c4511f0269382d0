import { isAtRest, type RunState } from '../../../model/run.ts'
import { dollars } from '../../../prices/dollars.ts'
import type { RunReport } from '../../../workspace/report.ts'
import type { Retryable, StatusRows } from '../../../workspace/retryable.ts'
import { count, counted } from '../terminal/quantity.ts'

/** Facts that the next commands follow from. */
export type NextFacts = Pick<RunReport, 'counts' | 'retryable'> & {
  readonly run: { readonly id: string; readonly state: RunState }
  /** True where another process works on the run, which can only be watched then. @default false */
  readonly isWorkedOn?: boolean
  /** True where a worker of the home takes the run further. @default false */
  readonly hasWorkers?: boolean
}

/** What can be done next about a run, as commands with their purpose; each of them changes something. */
export function nextSteps({
  counts,
  hasWorkers,
  isWorkedOn,
  retryable,
  run: { id, state },
}: NextFacts): readonly string[] {
  if (isWorkedOn) return [`llm-batch status ${id} --watch   (another process is working on it)`]
  if (state === 'held') return [`llm-batch resume ${id}   (after the cause is gone)`]
  if (!isAtRest(state) && hasWorkers) return [`llm-batch status ${id} --watch   (a worker goes on with it)`]
  if (!isAtRest(state)) return [`llm-batch resume ${id}`]
  const steps = retrySteps(id, retryable)
  if (steps.length > 0 || counts.skipped === 0) return steps
  return [`llm-batch results ${id} -o OUT   (llm_error tells why rows were skipped)`]
}

/** The commands that send rows of a finished run again, with how many they are and what they cost. */
export function retrySteps(id: string, { billed, billedUsd, unbilled }: Retryable): readonly string[] {
  const steps: string[] = []
  if (unbilled.length > 0) {
    steps.push(`llm-batch retry ${id}   (sends ${rowsAgain(unbilled)}; nothing was billed for them)`)
  }
  if (billed.length > 0) {
    const statuses = billed.map(({ status }) => status)
    const limit = statuses.includes('truncated') ? ' --max-tokens N' : ''
    const cost = billedUsd === null ? 'what they cost is not known' : `they cost ${dollars(billedUsd)} the last time`
    steps.push(`llm-batch retry ${id} --status ${statuses.join(',')}${limit}   (buys ${rowsAgain(billed)}; ${cost})`)
  }
  return steps
}

/** `2 missing rows again`, or `3 rows again: 2 missing, 1 invalid`. */
export function rowsAgain(rows: readonly StatusRows[]): string {
  const [first] = rows
  const total = rows.reduce((sum, one) => sum + one.rows, 0)
  if (rows.length === 1 && first) return `${counted(total, `${first.status} row`)} again`
  return `${counted(total, 'row')} again: ${rows.map((one) => `${count(one.rows)} ${one.status}`).join(', ')}`
}

/** The steps as the end of a report, one a line; empty where nothing is left. */
export function renderNext(facts: NextFacts): string {
  const steps = nextSteps(facts)
  return steps.length === 0 ? '' : `Next: ${steps.join('\n      ')}\n`
}
