import type { Configuration } from '../config/configuration.ts'
import { EXIT } from '../model/error.ts'
import type { OutcomeStatus } from '../model/outcome.ts'
import type { OtherQuestion, SettledResult } from '../model/row.ts'
import { isAtRest } from '../model/run.ts'
import { costOfRequest } from '../prices/cost.ts'
import { sumUsd } from '../prices/dollars.ts'
import type { AttemptRecord, UsageTotal } from '../store/port/attempt.ts'
import type { BatchRecord, RequestCounts } from '../store/port/batch.ts'
import type { Incident, RunRecord } from '../store/port/run.ts'
import type { RunStore } from '../store/store.ts'
import { priceList } from './budget.ts'
import { type Retryable, retryableOf } from './retryable.ts'
import { type RunCost, runCostOf, usageByModel, usedAttemptsOf } from './run-cost.ts'
import { type StandingGroup, standingOf } from './standing.ts'

/** State of a run, or its end. */
export interface RunReport {
  readonly run: RunRecord
  readonly counts: RequestCounts
  readonly usage: readonly UsageTotal[]
  /** US dollars by the price table; null where any part of it is not known. */
  readonly costUsd: number | null
  /** The same in its parts, what was saved, and the cap. */
  readonly cost: RunCost
  /** Every attempt, oldest first. */
  readonly attempts: readonly AttemptRecord[]
  readonly failures: readonly FailureReason[]
  /** Rows without a usable answer, by what `retry` may do for them. */
  readonly retryable: Retryable
  /** What checking the answers came to; null for a run without a schema. */
  readonly checked: CheckedAnswers | null
  readonly incidents: readonly Incident[]
}

/** Counts from checking answers by a schema, besides those that are invalid. */
export interface CheckedAnswers {
  /** Rows that succeeded although something had to be overlooked, by what that was: `code_fence`, `stray_text`. */
  readonly tolerated: Readonly<Record<string, number>>
  /** Rows that were asked again, and the further requests that took. */
  readonly reasked: { readonly rows: number; readonly requests: number }
}

/** Reasons listed in a report. */
const MOST_REASONS = 5

/** Reads a run's report from the store. */
export async function reportOf(
  store: RunStore,
  configuration: Pick<Configuration, 'budget' | 'prices'>,
): Promise<RunReport> {
  const attempts = await store.allAttempts()
  const used = usedAttemptsOf(attempts)
  const standing = await standingOf(store)
  const cost = await runCostOf(store, configuration, used)
  const run = await store.record()
  return {
    run,
    counts: await store.counts(),
    usage: usageByModel(used),
    costUsd: cost.totalUsd,
    cost,
    attempts,
    failures: failureReasonsOf(standing),
    retryable: retryableOf(standing, configuration),
    checked: run.definition.answer && { tolerated: toleratedOf(standing), reasked: reaskedOf(await store.batches()) },
    incidents: await store.incidents(),
  }
}

/** The newest attempt of each batch, of all attempts in their order; in order of the batches. */
export function newestOfEach(attempts: readonly AttemptRecord[]): readonly AttemptRecord[] {
  return [...new Map(attempts.map((attempt) => [attempt.batchKey, attempt])).values()]
}

/** Reason for which rows did not succeed. */
export interface FailureReason {
  readonly status: OutcomeStatus
  readonly code: string | null
  readonly reason: string | null
  readonly count: number
}

/** The most frequent reasons of rows that did not succeed. */
function failureReasonsOf(standing: readonly StandingGroup[]): readonly FailureReason[] {
  const found = new Map<string, FailureReason>()
  for (const { group } of standing) {
    const { code, reason, rows, state, status } = group
    if (state === 'succeeded' || state === 'pending' || state === 'batched' || status === null || rows === 0) continue
    const key = JSON.stringify([state, code])
    const told = state === status ? reason : `asked again without an answer: ${reason}`
    const earlier = found.get(key)
    found.set(key, { status: state, code, reason: earlier?.reason ?? told, count: (earlier?.count ?? 0) + rows })
  }
  const wordOf = ({ code, status }: FailureReason): string => `${status} ${code ?? ''}`
  return [...found.values()]
    .sort((one, other) => other.count - one.count || (wordOf(one) < wordOf(other) ? -1 : 1))
    .slice(0, MOST_REASONS)
}

function reaskedOf(batches: readonly BatchRecord[]): CheckedAnswers['reasked'] {
  const sum = (field: keyof CheckedAnswers['reasked']): number =>
    batches.reduce((total, { reasked }) => total + reasked[field], 0)
  return { rows: sum('rows'), requests: sum('requests') }
}

function toleratedOf(standing: readonly StandingGroup[]): CheckedAnswers['tolerated'] {
  const found: Record<string, number> = {}
  for (const { group } of standing) {
    const { code, rows, state } = group
    if (state === 'succeeded' && code !== null) found[code] = (found[code] ?? 0) + rows
  }
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)))
}

/**
 * Tells the cost of one result, with all that its row was asked besides, by the price of the model that was asked for;
 * null where it is not known, nothing where it was bought for another row or by another run.
 */
export function costOfResult(
  prices: Configuration['prices'],
): (result: OtherQuestion & Partial<Pick<SettledResult, 'others'>>) => number | null {
  const priceOf = priceList(prices)
  const costOfQuestion = ({ boughtFor, kind, outcome, target }: OtherQuestion): number | null =>
    boughtFor === 'this_row' ? costOfRequest(outcome.usage, priceOf(target), kind) : 0
  return ({ others = [], ...result }) =>
    sumUsd([
      costOfQuestion(result),
      ...others.filter(({ outcome }) => outcome.billed !== 'no').map((question) => costOfQuestion(question)),
    ])
}

/** Rows that did not succeed, of those that have an outcome or were left out. */
function failedRows(counts: RequestCounts): number {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return all - counts.succeeded - counts.pending - counts.batched
}

/** True where the deadline came before every row was answered: the rest can be sent by `retry`. */
function isCutShort({ counts, run }: Pick<RunReport, 'run' | 'counts'>): boolean {
  return run.state === 'cancelled' && run.cancelCause === 'deadline' && counts.cancelled > 0
}

/**
 * The exit code that tells the truth about a run: 0 only when every row so far succeeded, or failures are within the limit.
 */
export function exitCodeOf(report: Pick<RunReport, 'run' | 'counts'>, maxFailed: number): number {
  if (report.run.state === 'held') return EXIT.held
  if (isCutShort(report)) return EXIT.unfinished
  // An open run at rest has no work: what it was asked for until now is done.
  if (!isAtRest(report.run.state)) return EXIT.unfinished
  return failedRows(report.counts) > maxFailed ? EXIT.failures : EXIT.ok
}
