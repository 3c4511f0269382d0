import { DAY_MS } from '../lib/duration.ts'
import type { Usage } from '../model/outcome.ts'
import type { BudgetReason } from '../model/reason.ts'
import type { Target } from '../model/target.ts'
import type { AnswerLength, LengthBasis } from '../prices/answer-length.ts'
import { longPrice } from '../prices/bill.ts'
import { costOf, type PriceKind } from '../prices/cost.ts'
import { microsOf } from '../prices/micros.ts'
import type { Price } from '../prices/price.ts'
import type { ShownAnswers, SpendingStanding, SpendingSum } from '../store/port/money.ts'

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

/** Facts that an allowance follows from besides the size. */
interface AllowanceTerms {
  readonly price: Price | null
  readonly expected: AnswerLength
  readonly kind: PriceKind
  /** True where requests are marked for the provider's cache, which may write all of them. @default false */
  readonly isMarked?: boolean
}

/** At worst all of the input is written to the cache for an hour, and nothing read from it. */
function writtenWhole(tokens: number): Pick<Usage, 'cacheWriteTokens' | 'hourWriteTokens'> {
  return { cacheWriteTokens: tokens, hourWriteTokens: tokens }
}

/**
 * The most a call may cost where its answers are limited, else what is expected of it with a margin. Requests that are long
 * on the whole count at the dearer rates of long input.
 */
export function allowanceOf(size: CallSize, { expected, isMarked = false, kind, price }: AllowanceTerms): Allowance {
  const isLimited = size.mostOutputTokens !== null || price?.outputUsd === null
  const outputTokens = isLimited
    ? (size.mostOutputTokens ?? 0)
    : Math.ceil(size.requests * expected.tokens * OUTPUT_MARGIN)
  const promptTokens = Math.ceil(size.inputTokens * INPUT_MARGIN)
  const usage = {
    promptTokens,
    completionTokens: price?.outputUsd === null ? 0 : outputTokens,
    cachedTokens: null,
    reasoningTokens: null,
    ...(isMarked ? writtenWhole(promptTokens) : {}),
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
export function judge(asked: Asked, standing: SpendingStanding, caps: Caps): BudgetReason | null {
  const run = caps.runMicros === null ? null : judgeOne('over_budget', asked, caps.runMicros, standing.run)
  return (
    run ?? (caps.dayMicros === null ? null : judgeOne('over_day_budget', asked, caps.dayMicros, standing.sinceThen))
  )
}

function judgeOne(
  kind: 'over_budget' | 'over_day_budget',
  { micros, name: what }: Asked,
  cap: number,
  { inFlight, reserved, settled, unknown }: SpendingSum,
): BudgetReason | null {
  if (micros === null || unknown > 0) {
    return { kind: 'price_unknown', what, calls: micros === null ? null : unknown, cap: kind }
  }
  const taken = settled + reserved
  if (taken + micros <= cap) return null
  const mayFitLater = inFlight > 0 && taken - inFlight + micros <= cap
  return { kind, what, micros, cap, settled, reserved, mayFitLater }
}

/** The beginning of the day (UTC) that an instant lies in. */
export function dayOf(now: number): number {
  return Math.floor(now / DAY_MS) * DAY_MS
}

/** The beginning of the next day (UTC). */
export function dayAfter(now: number): number {
  return dayOf(now) + DAY_MS
}
