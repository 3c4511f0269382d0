import type { Configuration } from '../config/configuration.ts'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import { type Target, targetKey } from '../model/target.ts'
import { findPrice } from '../prices/cost.ts'
import { capMicrosOf } from '../prices/micros.ts'
import type { Price } from '../prices/price.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunStore } from '../store/store.ts'
import type { Budget } from '../submit/budget.ts'
import type { Workspace } from './workspace.ts'

/** Looks up prices, each target's once. */
export function priceList(prices: Configuration['prices']): (target: Target) => Price | null {
  const known = new Map<string, Price | null>()
  return (target) => {
    const key = targetKey(target)
    let price = known.get(key)
    if (price === undefined) {
      price = findPrice(target.provider, target.model, prices)
      known.set(key, price)
    }
    return price
  }
}

/** What a run may spend: its own cap where it was given one, else the configuration's. */
export function budgetOf(
  { configuration, store }: Pick<Workspace, 'configuration' | 'store'>,
  { maxCostMicros }: Pick<RunRecord, 'maxCostMicros'>,
): Budget {
  const { maxCostUsd, perDayUsd } = configuration.budget
  return {
    runMicros: maxCostMicros ?? (maxCostUsd === null ? null : capMicrosOf(maxCostUsd)),
    dayMicros: perDayUsd === null ? null : capMicrosOf(perDayUsd),
    priceOf: priceList(configuration.prices),
    answersBefore: ({ model, provider }) => store.shownAnswers(provider, model),
  }
}

/** True where anything limits what is spent. */
export function isCapped({ dayMicros, runMicros }: Pick<Budget, 'dayMicros' | 'runMicros'>): boolean {
  return dayMicros !== null || runMicros !== null
}

/**
 * Refuses to start what is capped and has no price. Throws `usage`, naming the line of configuration that gives it.
 */
export function assertPriced(targets: Iterable<Target>, priceOf: (target: Target) => Price | null): void {
  for (const target of targets) {
    if (priceOf(target) !== null) continue
    const name = `${target.provider}/${target.model}`
    throw new LlmBatchError(
      'usage',
      `the price of ${name} is unknown, so llm-batch cannot keep a cap; nothing was sent`,
      {
        next: `Set it in llm-batch.config.json: ${priceExample(name)}`,
      },
    )
  }
}

/**
 * Gives a run that is here another cap. Throws `usage` where no cap could be kept, because a price is unknown or was when
 * a part of it was sent; then the run stays as it is.
 */
export async function capRun(
  { configuration }: Pick<Workspace, 'configuration'>,
  store: RunStore,
  maxCostUsd: number,
): Promise<void> {
  const attempts = (await store.currentAttempts()).filter(({ kind }) => kind !== 'carried')
  assertPriced(
    attempts.map(({ target }) => target),
    priceList(configuration.prices),
  )
  const { run } = await store.spending(0)
  if (run.unknown > 0) {
    throw new LlmBatchError(
      'usage',
      `run ${store.id} has calls whose price was unknown, so llm-batch cannot keep a cap`,
      {
        next: `Leave ${mention('maxCost')} out, or send the rest as another run.`,
      },
    )
  }
  await store.capRun(capMicrosOf(maxCostUsd))
}

/** How a price is given, as JSON to be copied. */
function priceExample(name: string): string {
  return `{ "prices": { ${JSON.stringify(name)}: { "inputUsdPerMillion": 1, "outputUsdPerMillion": 4 } } } (US dollars, standard price).`
}
