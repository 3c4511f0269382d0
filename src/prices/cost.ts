import { type BatchKind, isCreatedBatch } from '../model/batch.ts'
import type { Usage } from '../model/outcome.ts'
import { factsOf } from '../providers/known.ts'
import { roundUsd } from './dollars.ts'
import { isFree, type Price } from './price.ts'
import { nameWithoutDate } from './snapshot.ts'

/**
 * Way in which a request was bought; what was carried over from another run does not count as cost of this one, whatever
 * its price.
 */
export type PriceKind = BatchKind

/** A price the user gave; US dollars per million tokens at the standard, synchronous price. */
export interface OwnPrice {
  readonly inputUsdPerMillion: number
  /** Input tokens that the provider had cached. @default as other input */
  readonly cachedInputUsdPerMillion?: number | undefined
  /** Null for models that give no tokens, such as embeddings. */
  readonly outputUsdPerMillion: number | null
  /** What the batch price is of the standard price. @default what is known of the provider, mostly 0.5 */
  readonly batchFactor?: number | undefined
}

const MILLION = 1_000_000

/**
 * The price of a model: the user's own (by `provider/model`) first, then ours; by the exact name first, then a dated
 * snapshot by the name without its date. Null where it is unknown.
 */
export function findPrice(provider: string, model: string, own: Readonly<Record<string, OwnPrice>> = {}): Price | null {
  const names = [model, nameWithoutDate(model)]
  for (const name of names) {
    const key = `${provider}/${name}`
    const given = Object.hasOwn(own, key) ? own[key] : undefined
    if (given) return fromOwn(provider, name, given)
  }
  const { isFree: costsNothing, prices } = factsOf(provider)
  if (costsNothing) return freePrice(provider, model)
  for (const name of names) {
    const found = prices.find((price) => price.model === name)
    if (found) return { provider, ...found }
  }
  return null
}

function freePrice(provider: string, model: string): Price {
  const source = 'a model that the user serves'
  const nothing = { inputUsd: 0, cachedInputUsd: null, outputUsd: 0, batchFactor: 1, longContext: null }
  return { provider, model, ...nothing, source, asOf: null }
}

function fromOwn(provider: string, model: string, own: OwnPrice): Price {
  return {
    provider,
    model,
    inputUsd: own.inputUsdPerMillion,
    cachedInputUsd: own.cachedInputUsdPerMillion ?? null,
    outputUsd: own.outputUsdPerMillion,
    batchFactor: own.batchFactor ?? factsOf(provider).batchFactor,
    longContext: null,
    source: 'the configuration',
    asOf: null,
  }
}

/**
 * US dollars for a usage, of one request or of many added up, by the price's base rates. Cached tokens count at their
 * own price where it is known, at the full input price otherwise; reasoning tokens are part of the completion. Null
 * where a number that is needed is unknown.
 */
export function costOf(usage: Usage | null, price: Price | null, kind: PriceKind): number | null {
  return cost(usage, price, kind, 1, 1)
}

/** As `costOf`, but for one request only: a very long one costs more per token at some models. */
export function costOfRequest(usage: Usage | null, price: Price | null, kind: PriceKind): number | null {
  const long = price?.longContext
  const isLong = long && (usage?.promptTokens ?? 0) > long.aboveTokens
  return isLong ? cost(usage, price, kind, long.inputFactor, long.outputFactor) : cost(usage, price, kind, 1, 1)
}

function cost(
  usage: Usage | null,
  price: Price | null,
  kind: PriceKind,
  inputFactor: number,
  outputFactor: number,
): number | null {
  if (kind === 'carried' || (price && isFree(price))) return 0
  if (!usage || !price || usage.promptTokens === null) return null
  const output = outputUsd(usage, price)
  if (output === null) return null
  const cached = Math.min(usage.cachedTokens ?? 0, usage.promptTokens)
  const input =
    (usage.promptTokens - cached + writeSurcharge(usage, price)) * price.inputUsd +
    cached * (price.cachedInputUsd ?? price.inputUsd)
  const total = input * inputFactor + output * outputFactor
  return roundUsd((total / MILLION) * (isCreatedBatch(kind) ? price.batchFactor : 1))
}

/** Input tokens that come to the same as what writing to the cache costs above other input. */
function writeSurcharge({ cacheWriteTokens, hourWriteTokens }: Usage, { provider }: Price): number {
  const written = cacheWriteTokens ?? 0
  const { promptCache } = factsOf(provider)
  if (written === 0 || promptCache === null) return 0
  const hour = Math.min(hourWriteTokens ?? 0, written)
  return (written - hour) * (promptCache.writeFactor - 1) + hour * (promptCache.hourWriteFactor - 1)
}

/** Embeddings have no completion: neither tokens nor a price. */
function outputUsd(usage: Usage, price: Price): number | null {
  if (price.outputUsd === null) return usage.completionTokens ? null : 0
  return usage.completionTokens === null ? null : usage.completionTokens * price.outputUsd
}
