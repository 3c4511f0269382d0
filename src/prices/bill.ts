import { costOf, type PriceKind } from './cost.ts'
import { roundUsd } from './dollars.ts'
import { microsOf } from './micros.ts'
import { isFree, type Price } from './price.ts'

/** Tokens of many results added up, as a store tells them. */
export interface UsagePart {
  /** True where every one of these results is long enough for the dearer rates of some models. */
  readonly isLong: boolean
  /** Results whose usage was told. */
  readonly answers: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cachedTokens: number
  readonly reasoningTokens: number
  readonly cacheWriteTokens: number
  readonly hourWriteTokens: number
  /** Results that were or may have been billed without a usage. */
  readonly withoutUsage: number
}

/** Fields that count in the price of a bill only. */
type NotInBill = 'isLong' | 'cacheWriteTokens' | 'hourWriteTokens'

/** Parts added up, and what they cost. */
export interface UsageBill extends Omit<UsagePart, NotInBill> {
  /** Whole micro-dollars by the usage that was told; null where the price is unknown. */
  readonly micros: number | null
}

/** The bill of results that are all of one model and were bought in one way. */
export function billOf(parts: readonly UsagePart[], price: Price | null, kind: PriceKind): UsageBill {
  const sum = (field: Exclude<keyof UsagePart, NotInBill>): number =>
    parts.reduce((total, part) => total + part[field], 0)
  const usd = costOfTold(parts, price, kind)
  return {
    micros: usd === null ? null : microsOf(usd),
    answers: sum('answers'),
    promptTokens: sum('promptTokens'),
    completionTokens: sum('completionTokens'),
    cachedTokens: sum('cachedTokens'),
    reasoningTokens: sum('reasoningTokens'),
    withoutUsage: sum('withoutUsage'),
  }
}

/** US dollars of results of one model; null where a price or the usage of any billed result is unknown. */
export function costOfParts(parts: readonly UsagePart[], price: Price | null, kind: PriceKind): number | null {
  if (price && isFree(price)) return 0
  if (parts.some(({ withoutUsage }) => withoutUsage > 0)) return null
  return costOfTold(parts, price, kind)
}

/** The dearer rates for long input are linear, so results that are all long may be added up first. */
function costOfTold(parts: readonly UsagePart[], price: Price | null, kind: PriceKind): number | null {
  let total = 0
  // Nothing that could have been billed costs nothing, whatever the price.
  for (const part of parts.filter(({ answers, withoutUsage }) => answers + withoutUsage > 0)) {
    const cost = costOf(part, part.isLong ? longPrice(price) : price, kind)
    if (cost === null) return null
    total += cost
  }
  return roundUsd(total)
}

/** The price at the rates of a long input; the same where a model has none. */
export function longPrice(price: Price | null): Price | null {
  const long = price?.longContext
  if (!price || !long) return price
  return {
    ...price,
    inputUsd: price.inputUsd * long.inputFactor,
    cachedInputUsd: (price.cachedInputUsd ?? price.inputUsd) * long.inputFactor,
    outputUsd: price.outputUsd === null ? null : price.outputUsd * long.outputFactor,
  }
}
