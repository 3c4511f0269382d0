import type { Configuration } from '../config/configuration.ts'
import { type Target, targetKey } from '../model/target.ts'
import { costOfParts } from '../prices/bill.ts'
import type { PriceKind } from '../prices/cost.ts'
import { roundUsd, sumUsd } from '../prices/dollars.ts'
import { usdOf } from '../prices/micros.ts'
import type { Price } from '../prices/price.ts'
import type { AttemptRecord, AttemptUsage, UsageTotal } from '../store/port/attempt.ts'
import type { RunStore } from '../store/store.ts'
import { priceList } from './budget.ts'

/** Cost of a run so far by the usage of its results. US dollars; null where any part of a sum is not known. */
export interface RunCost {
  readonly totalUsd: number | null
  /** The same tokens bought in synchronous calls. */
  readonly synchronousUsd: number | null
  /** What the batch price saved. */
  readonly savedUsd: number | null
  readonly models: readonly ModelCost[]
  /** Of every attempt that has results, oldest first. */
  readonly attempts: readonly AttemptCost[]
  /** What of it was asked directly at the deadline; null where nothing was. */
  readonly tail: TailCost | null
  /** The cap in force; null where there is none. */
  readonly maxUsd: number | null
  /** Set aside for what is at the provider, in doubt, or was answered without a usage. */
  readonly reservedUsd: number
}

/** The part of one model, by the price that it was counted with. */
export interface ModelCost {
  readonly target: Target
  readonly totalUsd: number | null
  readonly synchronousUsd: number | null
  /** The day of the price, null for the user's own and for unknown ones. */
  readonly pricedAsOf: string | null
  /** Where the price comes from; null where it is unknown. */
  readonly priceSource: string | null
}

/** The part of one attempt. */
export interface AttemptCost {
  readonly batch: number
  readonly attempt: number
  readonly kind: PriceKind
  readonly totalUsd: number | null
}

/** The part of the answers that were asked directly because the deadline was near. */
export interface TailCost {
  /** Those whose usage was told. */
  readonly answers: number
  readonly totalUsd: number | null
  /** The same tokens bought in batches. */
  readonly batchUsd: number | null
}

/** An attempt with the usage of its results. */
export interface UsedAttempt {
  readonly attempt: AttemptRecord
  readonly parts: readonly AttemptUsage[]
}

/** Those of the attempts that have results, with their usage. */
export function usedAttemptsOf(attempts: readonly AttemptRecord[]): readonly UsedAttempt[] {
  return attempts.filter(({ usage }) => usage.length > 0).map((attempt) => ({ attempt, parts: attempt.usage }))
}

/** Tokens of each model, in the order of their names. */
export function usageByModel(used: readonly UsedAttempt[]): readonly UsageTotal[] {
  return groupByTarget(used)
    .map((group) => ({
      target: targetOf(group),
      ...sumOfUsage(group.flatMap(({ parts }) => parts)),
    }))
    .sort((one, other) => (targetKey(one.target) < targetKey(other.target) ? -1 : 1))
}

function sumOfUsage(parts: readonly AttemptUsage[]): Omit<UsageTotal, 'target'> {
  const sum = (pick: (part: AttemptUsage) => number): number => parts.reduce((all, part) => all + pick(part), 0)
  return {
    results: sum(({ results }) => results),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    cachedTokens: sum(({ cachedTokens }) => cachedTokens),
    reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens),
    cacheWriteTokens: sum(({ cacheWriteTokens }) => cacheWriteTokens),
    hourWriteTokens: sum(({ hourWriteTokens }) => hourWriteTokens),
    withoutUsage: sum(({ withoutUsage }) => withoutUsage),
  }
}

/** Reads what a run has cost. */
export async function runCostOf(
  store: RunStore,
  configuration: Pick<Configuration, 'budget' | 'prices'>,
  used: readonly UsedAttempt[],
): Promise<RunCost> {
  const priceOf = priceList(configuration.prices)
  const { run } = await store.spending(0)
  const models = groupByTarget(used).map((group) => modelCost(group, priceOf))
  const totalUsd = sumUsd(models.map((model) => model.totalUsd))
  const synchronousUsd = sumUsd(models.map((model) => model.synchronousUsd))
  return {
    totalUsd,
    synchronousUsd,
    savedUsd: totalUsd === null || synchronousUsd === null ? null : roundUsd(synchronousUsd - totalUsd),
    models,
    attempts: used.map(({ attempt, parts }) => ({
      batch: attempt.batch,
      attempt: attempt.number,
      kind: attempt.kind,
      totalUsd: costOfParts(parts, priceOf(attempt.target), attempt.kind),
    })),
    tail: tailCost(used, priceOf),
    maxUsd: await capOf(store, configuration),
    reservedUsd: usdOf(run.reserved),
  }
}

function tailCost(used: readonly UsedAttempt[], priceOf: (target: Target) => Price | null): TailCost | null {
  const tail = used.filter(({ attempt }) => attempt.kind === 'tail')
  if (tail.length === 0) return null
  const sum = (kind: PriceKind): number | null =>
    sumUsd(tail.map(({ attempt, parts }) => costOfParts(parts, priceOf(attempt.target), kind)))
  const { results, withoutUsage } = sumOfUsage(tail.flatMap(({ parts }) => parts))
  return {
    answers: results - withoutUsage,
    totalUsd: sum('tail'),
    batchUsd: sum('batch'),
  }
}

async function capOf(store: RunStore, { budget }: Pick<Configuration, 'budget'>): Promise<number | null> {
  const { maxCostMicros } = await store.record()
  return maxCostMicros === null ? budget.maxCostUsd : usdOf(maxCostMicros)
}

function groupByTarget(used: readonly UsedAttempt[]): readonly (readonly UsedAttempt[])[] {
  const groups = new Map<string, UsedAttempt[]>()
  for (const one of used) {
    const key = targetKey(one.attempt.target)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return [...groups.values()]
}

function modelCost(group: readonly UsedAttempt[], priceOf: (target: Target) => Price | null): ModelCost {
  const target = targetOf(group)
  const price = priceOf(target)
  const sum = (kindOf: (attempt: AttemptRecord) => PriceKind): number | null =>
    sumUsd(group.map(({ attempt, parts }) => costOfParts(parts, price, kindOf(attempt))))
  return {
    target,
    totalUsd: sum(({ kind }) => kind),
    synchronousUsd: sum(() => 'direct'),
    pricedAsOf: price?.asOf ?? null,
    priceSource: price?.source ?? null,
  }
}

function targetOf([first]: readonly UsedAttempt[]): Target {
  if (!first) throw new RangeError('a model of a run has at least one attempt')
  return first.attempt.target
}
