import { DAY_MS } from '../lib/duration.ts'
import type { ModelPrice } from '../providers/facts.ts'
import { factsOf } from '../providers/known.ts'

/** Price of a model of a provider. */
export interface Price extends ModelPrice {
  readonly provider: string
}

/** True where nothing is charged, whatever was used. */
export function isFree({ inputUsd, outputUsd }: Price): boolean {
  return inputUsd === 0 && (outputUsd ?? 0) === 0
}

/** Providers change prices; after this many days ours deserve a look. */
const FRESH_DAYS = 90

/** True for a price of ours whose day is more than ninety days before `now`, in epoch milliseconds. */
export function isOldPrice(price: Price | null, now: number): boolean {
  if (price === null || price.asOf === null) return false
  return now - Date.parse(price.asOf) > FRESH_DAYS * DAY_MS
}

/**
 * The one length in input tokens above which any model of this provider is dearer; usage is added up apart for it. Beyond
 * every length where no model is.
 */
export function longContextTokens(provider: string): number {
  const lengths = factsOf(provider).prices.flatMap(({ longContext }) => longContext?.aboveTokens ?? [])
  return Math.min(Number.MAX_SAFE_INTEGER, ...lengths)
}
