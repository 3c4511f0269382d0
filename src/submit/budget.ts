import { DAY_MS } from '../lib/duration.ts'
import type { Target } from '../model/target.ts'
import type { AnswerLength, LengthBasis } from '../prices/answer-length.ts'
import { longPrice } from '../prices/bill.ts'
import { costOf, type PriceKind } from '../prices/cost.ts'
import { dollars } from '../prices/dollars.ts'
import { microsOf, usdOf } from '../prices/micros.ts'
import type { Price } from '../prices/price.ts'
import type { Overspending, ShownAnswers, SpendingStanding, SpendingSum } from '../store/store.ts'

/** Input tokens are estimates; this much more is set aside for them. */
export const INPUT_MARGIN = 1.25

/** Without a limit of tokens, this much more than the expected length of an answer is set aside. */
export const OUTPUT_MARGIN = 1.5

/** Facts that the cost of a call follows from. */
export interface CallSize {
  readonly requests: number
  /** Estimated input tokens. */
  readonly inputTokens: number
  /** The most tokens all answers may have together; null where any of them is without limit. */
  readonly mostOutputTokens: number | null
}

/** Amount that is set aside for a call. */
export interface Allowance {
  /** Whole micro-dollars; null where the price is unknown. */
  readonly micros: number | null
  readonly outputTokens: number
  readonly basis: 'worst_case' | LengthBasis
}

/**
 * The most a call may cost where its answers are limited, else what is expected of it with a margin. Requests that are long
 * on the whole count at the dearer rates of long input.
 */
export function allowanceOf(
  size: CallSize,
  { expected, kind, price }: { price: Price | null; expected: AnswerLength; kind: PriceKind },
): Allowance {
  const isLimited = size.mostOutputTokens !== null || price?.outputUsd === null
  const outputTokens = isLimited
    ? (size.mostOutputTokens ?? 0)
    : Math.ceil(size.requests * expected.tokens * OUTPUT_MARGIN)
  const usage = {
    promptTokens: Math.ceil(size.inputTokens * INPUT_MARGIN),
    completionTokens: price?.outputUsd === null ? 0 : outputTokens,
    cachedTokens: null,
    reasoningTokens: null,
  }
  const longAbove = price?.longContext?.aboveTokens ?? Number.POSITIVE_INFINITY
  const isLong = usage.promptTokens > size.requests * longAbove
  const usd = costOf(usage, isLong ? longPrice(price) : price, kind)
  return {
    micros: usd === null ? null : microsOf(usd),
    outputTokens,
    basis: isLimited ? 'worst_case' : expected.basis,
  }
}

/** The most that may be spent, in micro-dollars; null for no cap. */
export interface Caps {
  /** By this run, from its beginning. */
  readonly runMicros: number | null
  /** By all runs of the home on one day. */
  readonly dayMicros: number | null
}

/** Limits of a run's spending, and the prices by which it is counted. */
export interface Budget extends Caps {
  readonly priceOf: (target: Target) => Price | null
  /** What answers of a target's model were like so far, in all runs of the home. */
  readonly answersBefore: (target: Target) => Promise<ShownAnswers>
}

/** A call that is to be paid for. */
export interface Asked {
  /** For messages, such as `batch 3`. */
  readonly name: string
  readonly micros: number | null
}

/** Why this must not be paid for now; null where it fits under both caps, or there are none. */
export function judge(asked: Asked, standing: SpendingStanding, caps: Caps): Overspending | null {
  const run = caps.runMicros === null ? null : { cap: caps.runMicros, sum: standing.run, words: RUN_WORDS }
  const day = caps.dayMicros === null ? null : { cap: caps.dayMicros, sum: standing.sinceThen, words: DAY_WORDS }
  for (const limit of [run, day]) {
    const refusal = limit && judgeOne(asked, limit)
    if (refusal) return refusal
  }
  return null
}

interface Limit {
  readonly cap: number
  readonly sum: SpendingSum
  readonly words: LimitWords
}

interface LimitWords {
  readonly code: 'over_budget' | 'over_day_budget'
  readonly cap: (text: string) => string
  readonly next: (needed: string) => string
  /** What can be done where earlier calls were paid at an unknown price. */
  readonly afterUnknown: string
}

const RUN_WORDS: LimitWords = {
  code: 'over_budget',
  cap: (text) => `the cap of ${text}`,
  next: (needed) => `this batch fits under a cap of $${needed}: resume with --max-cost ${needed}`,
  afterUnknown: 'go on without a cap, or send the rest as another run',
}

const DAY_WORDS: LimitWords = {
  code: 'over_day_budget',
  cap: (text) => `the ${text} of today (UTC) for all runs`,
  next: (needed) => `it fits tomorrow, or with budget.perDayUsd of at least ${needed}`,
  afterUnknown: 'go on tomorrow, or without budget.perDayUsd',
}

function judgeOne({ micros, name }: Asked, { cap, sum, words }: Limit): Overspending | null {
  if (micros === null || sum.unknown > 0) return unknownCost(name, micros === null, sum.unknown, words)
  const taken = sum.settled + sum.reserved
  if (taken + micros <= cap) return null
  const amount = (value: number): string => dollars(usdOf(value))
  return {
    code: words.code,
    reason:
      `${name} may cost ${amount(micros)}; of ${words.cap(amount(cap))}, ` +
      `${amount(sum.settled)} is spent and ${amount(sum.reserved)} set aside; ${words.next(centsAbove(taken + micros))}`,
    mayFitLater: sum.inFlight > 0 && taken - sum.inFlight + micros <= cap,
  }
}

function unknownCost(name: string, isPriceMissing: boolean, unknown: number, words: LimitWords): Overspending {
  const what = isPriceMissing
    ? `the price of ${name} is unknown; give it in the configuration under prices`
    : `earlier calls (${unknown}) were paid at a price that was unknown; ${words.afterUnknown}`
  return { code: 'price_unknown', reason: `a cap cannot be kept: ${what}`, mayFitLater: false }
}

/** The next whole cent, as the flag takes it. */
function centsAbove(micros: number): string {
  return (Math.ceil(micros / 10_000) / 100).toFixed(2)
}

/** The beginning of the day (UTC) that an instant lies in. */
export function dayOf(now: number): number {
  return Math.floor(now / DAY_MS) * DAY_MS
}

/** The beginning of the next day (UTC). */
export function dayAfter(now: number): number {
  return dayOf(now) + DAY_MS
}
