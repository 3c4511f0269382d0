import type { Configuration } from '../config/configuration.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { capMicrosOf, microsOf, usdOf } from '../prices/micros.ts'
import { INPUT_MARGIN, OUTPUT_MARGIN } from '../submit/budget.ts'

/**
 * The most, in whole micro-dollars, that is set aside for a run, so that a cap of this sum does not hold it: the worst case
 * with a margin for its input, or, where answers have no limit, the expected cost with a margin for those. Null where a price
 * is unknown.
 */
export function runPriceOf({ batches, cost, requests }: PlanSummary): number | null {
  if (cost === null) return null
  const { expectedUsd, mostUsd, reasksUsd } = cost
  const usd = mostUsd === null ? (expectedUsd + reasksUsd) * OUTPUT_MARGIN : mostUsd * INPUT_MARGIN
  // Each amount that is set aside is rounded up to a whole one.
  return microsOf(usd) + requests + batches
}

/**
 * The same for rows that are asked directly. Nothing stops a call that has begun, so the price is known only where answers
 * have a limit; null otherwise.
 */
export function tryPriceOf({ cost, requests }: PlanSummary): number | null {
  const most = cost?.synchronousMostUsd ?? null
  return most === null ? null : microsOf(most * INPUT_MARGIN) + requests
}

/** The cap that the configuration gives every run, in micro-dollars; null for none. */
export function configuredCap({ budget: { maxCostUsd } }: Pick<Configuration, 'budget'>): number | null {
  return maxCostUsd === null ? null : capMicrosOf(maxCostUsd)
}

/** Throws `usage` for a cap above the one of the configuration, which a person has set for every run. */
export function assertConfigured(configuration: Pick<Configuration, 'budget'>, micros: number): void {
  const most = configuredCap(configuration)
  if (most === null || micros <= most) return
  throw new LlmBatchError(
    'usage',
    `runs here may cost $${usdOf(most)} at most, not $${usdOf(micros)}; nothing was sent`,
    {
      next: `Your user raises budget.maxCostUsd in the configuration, or goes on by the command with ${mention('maxCost')}.`,
    },
  )
}

/** The least of amounts that are known; null where none is. */
export function least(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null)
  return known.length === 0 ? null : Math.min(...known)
}
