import { limitsInForce } from '../config/settings.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { BatchCut } from '../plan/splitter.ts'
import { type PlanCounts, type PlanSummary, summarisePlan, type TargetFacts } from '../plan/summary.ts'
import type { RequestTally } from '../plan/tally.ts'
import { expectedAnswer } from '../prices/answer-length.ts'
import type { Provider } from '../providers/provider.ts'
import { statePath } from '../store/run-folder.ts'
import { openStore } from '../store/sqlite-store.ts'
import type { ShownAnswers, Store } from '../store/store.ts'
import { priceList } from './budget.ts'
import type { Place } from './workspace.ts'

/** What was gathered while the rows of a run became requests. */
export interface Gathered {
  readonly counts: PlanCounts
  readonly cuts: readonly BatchCut[]
  readonly tally: RequestTally
}

/** What a run would cost and take, by the prices, limits and earlier answers that are known here. */
export async function estimateRun(
  { configuration, provider }: Pick<Place, 'configuration'> & { readonly provider: Provider },
  store: Pick<Store, 'shownAnswers'> | null,
  { counts, cuts, tally }: Gathered,
): Promise<PlanSummary> {
  const earlier = await earlierAnswers(store, cuts)
  const priceOf = priceList(configuration.prices)
  const factsOf = (target: Target): TargetFacts => ({
    price: priceOf(target),
    expectedAnswer: expectedAnswer(target, { thisRun: null, earlier: earlier.get(targetKey(target)) ?? null }),
    tally: tally.of(target),
    queueTokens: limitsInForce(configuration.settings, target.provider, target.model, provider.limits(target))
      .queueTokens,
  })
  return summarisePlan(counts, cuts, factsOf)
}

async function earlierAnswers(
  store: Pick<Store, 'shownAnswers'> | null,
  cuts: readonly BatchCut[],
): Promise<ReadonlyMap<string, ShownAnswers>> {
  const found = new Map<string, ShownAnswers>()
  if (store === null) return found
  for (const { target } of cuts) {
    const key = targetKey(target)
    if (!found.has(key)) found.set(key, await store.shownAnswers(target.provider, target.model))
  }
  return found
}

/** Looks into the home where there is one; `plan` makes none. */
export async function withStoreIfAny<Result>(
  { clock, disk, home }: Place,
  work: (store: Store | null) => Promise<Result>,
): Promise<Result> {
  if ((await disk.size(statePath(home))) === undefined) return await work(null)
  const store = await openStore({ home, disk, clock })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
