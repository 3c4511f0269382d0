import { grouped } from '../lib/number.ts'
import type { Target } from '../model/target.ts'
import { dollars } from '../prices/dollars.ts'
import { nearModels } from '../prices/near-models.ts'
import type { Price } from '../prices/price.ts'
import { factsOf } from '../providers/known.ts'
import type { TargetTally } from './tally.ts'

/** Facts that advice follows from. */
export interface AdviceFacts {
  readonly target: Target
  readonly requests: number
  /** Bytes of the input files. */
  readonly bytes: number
  /** Estimated input tokens. */
  readonly tokens: number
  readonly expectedOutputTokens: number
  readonly price: Price | null
  /** True for prices of ours that are more than ninety days old. */
  readonly isPriceOld: boolean
  /** The expected cost in batches, in US dollars; null where it is unknown. */
  readonly expectedUsd: number | null
}

/** What a person may want to know before money is spent; sentences, most important first. */
export function adviceFor(facts: AdviceFacts, tally: TargetTally): readonly string[] {
  const { price, target } = facts
  const name = `${target.provider}/${target.model}`
  const refused = factsOf(target.provider).refusedFields(target.model, bodyOf(tally.firstBody))
  return [
    ...(refused.length > 0
      ? [`the documentation of ${name} says that it refuses ${refused.join(', ')}; every row may fail`]
      : []),
    ...(price === null ? [unknownPrice(name, nearModels(target))] : []),
    ...(price && facts.isPriceOld ? [`the prices of ${name} are from ${price.asOf}, more than ninety days ago`] : []),
    ...(price ? [cachingAdvice(name, price, facts, tally)] : []),
  ].filter((sentence) => sentence !== null)
}

function unknownPrice(name: string, near: readonly string[]): string {
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  return `the price of ${name} is unknown, and so is the cost; set it under prices in the configuration${meant}`
}

function bodyOf(json: string): Readonly<Record<string, unknown>> {
  return JSON.parse(json) as Readonly<Record<string, unknown>>
}

/** A long shared beginning is cheap in synchronous calls, where it is cached; in batches that is not promised. */
function cachingAdvice(
  name: string,
  price: Price,
  { bytes, expectedOutputTokens, expectedUsd, requests, tokens }: AdviceFacts,
  { sharedCharacters }: TargetTally,
): string | null {
  const sharedTokens = bytes === 0 ? 0 : Math.floor((sharedCharacters * tokens) / bytes)
  const { leastCachedTokens } = factsOf(price.provider)
  if (leastCachedTokens === null || sharedTokens < leastCachedTokens) return null
  if (expectedUsd === null || price.cachedInputUsd === null) return null
  const cached = sharedTokens * (requests - 1)
  const cachedUsd =
    ((tokens - cached) * price.inputUsd +
      cached * price.cachedInputUsd +
      expectedOutputTokens * (price.outputUsd ?? 0)) /
    1_000_000
  if (cachedUsd >= expectedUsd) return null
  return (
    `the prompts for ${name} share a beginning of about ${grouped(sharedTokens)} tokens: synchronous ` +
    `calls, which cache it, may cost ${dollars(cachedUsd)} instead of ${dollars(expectedUsd)}`
  )
}
