import type { Configuration } from '../config/configuration.ts'
import { EXIT } from '../model/error.ts'
import type { SettledResult } from '../model/row.ts'
import { targetKey } from '../model/target.ts'
import { costOf, costOfRequest, findPrice } from '../prices/cost.ts'
import type { Price } from '../prices/table.ts'
import type {
  AttemptRecord,
  FailureReason,
  Incident,
  RequestCounts,
  RunRecord,
  RunStore,
  UsageTotal,
} from '../store/store.ts'

/** How a run stands, or how it ended. */
export interface RunReport {
  readonly run: RunRecord
  readonly counts: RequestCounts
  readonly usage: readonly UsageTotal[]
  /** US dollars by the price table; null where any part of it is not known. */
  readonly costUsd: number | null
  /** Every attempt, oldest first. */
  readonly attempts: readonly AttemptRecord[]
  readonly failures: readonly FailureReason[]
  readonly incidents: readonly Incident[]
}

/** Reasons listed in a report. */
const MOST_REASONS = 5

/** Reads a run's report from the store. */
export async function reportOf(store: RunStore, prices: Configuration['prices']): Promise<RunReport> {
  const usage = await store.usage()
  return {
    run: await store.record(),
    counts: await store.counts(),
    usage,
    costUsd: totalCost(usage, prices),
    attempts: await store.allAttempts(),
    failures: await store.failureReasons(MOST_REASONS),
    incidents: await store.incidents(),
  }
}

function totalCost(usage: readonly UsageTotal[], prices: Configuration['prices']): number | null {
  let total = 0
  for (const part of usage) {
    if (part.withoutUsage > 0) return null
    const price = findPrice(part.target.provider, part.target.model, prices)
    const cost = costOf(part, price, 'batch')
    if (cost === null) return null
    total += cost
  }
  return total
}

/** Tells the cost of one result by the price of the model that was asked for; null where it is not known. */
export function costOfResult(prices: Configuration['prices']): (result: SettledResult) => number | null {
  const known = new Map<string, Price | null>()
  return ({ outcome, target }) => {
    if (outcome.usage === null) return null
    const key = targetKey(target)
    let price = known.get(key)
    if (price === undefined) {
      price = findPrice(target.provider, target.model, prices)
      known.set(key, price)
    }
    return costOfRequest(outcome.usage, price, 'batch')
  }
}

/** Rows that did not succeed, of those that have an outcome or were left out. */
function failedRows(counts: RequestCounts): number {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return all - counts.succeeded - counts.pending - counts.batched
}

/** The exit code that tells the truth about a run: 0 only when every row succeeded, or failures are within the limit. */
export function exitCodeOf(report: Pick<RunReport, 'run' | 'counts'>, maxFailed: number): number {
  if (report.run.state === 'held') return EXIT.held
  if (report.run.state !== 'completed' && report.run.state !== 'cancelled') return EXIT.unfinished
  return failedRows(report.counts) > maxFailed ? EXIT.failures : EXIT.ok
}
