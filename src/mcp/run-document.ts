import { plainText } from '../lib/plain-text.ts'
import { reasonText } from '../library/reason-words.ts'
import { inFlags } from '../model/options/mention.ts'
import { isFinished } from '../model/run.ts'
import { usdOf } from '../prices/micros.ts'
import { type Progress, progressOf } from '../workspace/progress.ts'
import { type RunReport, reportOf } from '../workspace/report.ts'
import type { AgentHome } from './agent-home.ts'
import type { ToolDocument } from './tool-answer.ts'

/** Notes of single batches that are shown. */
const MOST_NOTES = 5

/** Last characters of what a process has said that drove the run. */
const LAST_WORDS = 600

/** How far a run is, as short as an agent can use it. Instants are ISO texts. */
export async function runDocument(home: AgentHome, runId: string): Promise<ToolDocument> {
  const { workspace } = home
  const store = workspace.store.read(runId)
  const report = await reportOf(store, workspace.configuration)
  const progress = await progressOf(store, (reason) => inFlags(reasonText(reason)))
  const isWorkedOn = await workspace.store.isRunLocked(runId)
  const { failures, retryable, run } = report
  const hasStopped = !isWorkedOn && !isFinished(run.state)
  return {
    run: runId,
    name: run.name,
    state: run.state,
    reason: progress.run.reason,
    isWorkedOn,
    model: `${run.definition.provider}/${run.definition.model ?? ''}`,
    rows: run.rowCount,
    done: progress.done,
    counts: withoutZeros(report.counts),
    batches: withoutZeros(progress.batches),
    costUsd: report.costUsd,
    maxCostUsd: run.maxCostMicros === null ? null : usdOf(run.maxCostMicros),
    nextLookAt: instant(progress.nextLookAt),
    expiresAt: instant(progress.expiresAt),
    notes: progress.notes.slice(0, MOST_NOTES),
    failures,
    retryable,
    // What a process of its own prints goes nowhere.
    output: run.output.path === '-' ? null : run.output.path,
    ...(hasStopped ? { lastWords: await lastWords(home, runId) } : {}),
    next: nextOf(report, progress, isWorkedOn),
  }
}

function nextOf({ retryable, run }: RunReport, { nextLookAt }: Progress, isWorkedOn: boolean): string {
  if (isWorkedOn) {
    const when = nextLookAt === null ? 'in some minutes' : `after ${instant(nextLookAt)}`
    return `A process works on it, also when this server ends. Call status again ${when}; a batch may take hours.`
  }
  if (run.state === 'held')
    return 'It is held: read the reason, tell your user, and call resume when the cause is gone.'
  if (!isFinished(run.state)) return 'No process works on it now. Call resume to go on.'
  const again = retryable.unbilled.length > 0 || retryable.billed.length > 0 ? ' Rows that failed: call retry.' : ''
  return `It is finished. Call results.${again}`
}

/** The end of what the process has said that drove the run last; null where it said nothing. */
async function lastWords({ logOf, place }: AgentHome, runId: string): Promise<string | null> {
  const said = plainText((await place.disk.readText(logOf(runId))) ?? '').trim()
  return said === '' ? null : said.slice(-LAST_WORDS)
}

function withoutZeros<Name extends string>(counts: Readonly<Record<Name, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries<number>(counts).filter(([, count]) => count > 0))
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
