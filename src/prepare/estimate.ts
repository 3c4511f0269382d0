import type { SharedPrefixes } from '../batching/shared-prefixes.ts'
import { type Target, targetKey } from '../model/target.ts'
import { NO_PREFIXES } from '../plan/prompt-cache.ts'
import type { BatchCut } from '../plan/splitter.ts'
import { type PlanCounts, type PlanSummary, summarisePlan, type TargetFacts } from '../plan/summary.ts'
import type { RequestTally } from '../plan/tally.ts'
import { expectedAnswer } from '../prices/answer-length.ts'
import { isOldPrice } from '../prices/price.ts'
import type { Provider } from '../providers/provider.ts'
import type { QueueBelief } from '../store/port/queue.ts'
import type { Store } from '../store/store.ts'
import { believedLimits } from '../submit/admission.ts'
import { priceList } from '../workspace/budget.ts'
import { queueLimitsOf } from '../workspace/queue-limits.ts'
import type { Site } from '../workspace/workspace.ts'

/** Facts from the time when the rows of a run became requests. */
export interface Gathered {
  readonly counts: PlanCounts
  readonly cuts: readonly BatchCut[]
  readonly tally: RequestTally
  /** The beginnings that requests share. @default none is known */
  readonly prefixes?: SharedPrefixes | null
  /** True where one request of each is sent first. @default false */
  readonly isPriming?: boolean
}

/** Ports of an estimate. */
export interface EstimatePorts extends Pick<Site, 'clock' | 'configuration'> {
  readonly provider: Provider
  /** Knows earlier answers, and what refusals have taught of queues; null where there is no home yet. */
  readonly home: Pick<Store, 'shownAnswers' | 'queueBelief'> | null
  readonly baseUrl: string
}

/** What a run would cost and take, by the prices, limits and earlier answers that are known here. */
export async function estimateRun(
  ports: EstimatePorts,
  { isPriming, prefixes, ...gathered }: Gathered,
): Promise<PlanSummary> {
  const { baseUrl, configuration, home } = ports
  const { counts, cuts, tally } = gathered
  const earlier = await byTarget(
    cuts,
    async ({ model, provider }) => (await home?.shownAnswers(provider, model)) ?? null,
  )
  const beliefs = await byTarget(cuts, async (target) => (await home?.queueBelief(baseUrl, target)) ?? null)
  const priceOf = priceList(configuration.prices)
  const factsOf = (target: Target): TargetFacts => ({
    price: priceOf(target),
    isPriceOld: isOldPrice(priceOf(target), ports.clock.now()),
    expectedAnswer: expectedAnswer(target, { thisRun: null, earlier: earlier.get(targetKey(target)) ?? null }),
    tally: tally.of(target),
    prefixes: prefixes?.of(target) ?? NO_PREFIXES,
    queueTokens: queueTokensOf(ports, target, beliefs.get(targetKey(target)) ?? null),
  })
  return {
    ...summarisePlan({ ...counts, isPriming: isPriming === true }, cuts, factsOf),
    recovery: ports.provider.abilities.recovery,
  }
}

function queueTokensOf(
  { clock, configuration, provider }: EstimatePorts,
  target: Target,
  belief: QueueBelief | null,
): number | null {
  const limits = queueLimitsOf(configuration.settings, target, provider.limits(target))
  return believedLimits(limits, belief, clock.now()).tokens
}

/** Asks about every target once. */
async function byTarget<Known>(
  cuts: readonly BatchCut[],
  ask: (target: Target) => Promise<Known>,
): Promise<ReadonlyMap<string, Known>> {
  const found = new Map<string, Known>()
  for (const { target } of cuts) {
    const key = targetKey(target)
    if (!found.has(key)) found.set(key, await ask(target))
  }
  return found
}
