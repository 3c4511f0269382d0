import type { Tail } from '../../../model/run.ts'
import type { CostEstimate, PlanSummary, TargetSummary } from '../../../plan/summary.ts'
import { BASIS_WORDS } from '../../../prices/answer-length.ts'
import { dollars } from '../../../prices/dollars.ts'
import type { Price } from '../../../prices/price.ts'
import { count, counted } from '../terminal/quantity.ts'

/** `998 in 2 batches`, and how many are asked directly before. */
export function describeRequests({ batches, directRequests, requests }: PlanSummary): string {
  const sent = `${count(requests - directRequests)} in ${counted(batches, 'batch', 'batches')}`
  return directRequests === 0 ? sent : `${count(directRequests)} asked directly first, at the full price; ${sent}`
}

/** Tokens of a plan: `about 1,200 in, about 400 out expected, at most 800`. */
export function describeTokens({ expectedOutputTokens, mostOutputTokens, tokens }: PlanSummary): string {
  const most = mostOutputTokens === null ? '' : `, at most ${count(mostOutputTokens)}`
  return `about ${count(tokens)} in, ${count(expectedOutputTokens)} out expected${most}`
}

/** What the expected length of answers follows from, a line for each model. */
export function describeAnswers({ targets }: PlanSummary): string {
  return targets
    .filter(({ mostOutputTokens }) => mostOutputTokens !== 0)
    .map(({ expectedAnswer, expectedOutputTokens, requests, target }) => {
      const name = targets.length === 1 ? '' : ` of ${target.provider}/${target.model}`
      const limited = Math.round(expectedOutputTokens / Math.max(1, requests))
      if (limited < expectedAnswer.tokens) return `${counted(limited, 'token')} each${name}, their limit`
      return `${counted(expectedAnswer.tokens, 'token')} each${name}, ${BASIS_WORDS[expectedAnswer.basis]}`
    })
    .join('\n')
}

/** `about $0.42, at most $1.23`; `unknown` where it is. */
export function describeCost(cost: CostEstimate | null): string {
  if (cost === null) return 'unknown'
  if (isNothing(cost)) return dollars(0)
  return amounts(cost.expectedUsd, cost.mostUsd, 'set --max-tokens to know the maximum')
}

/** What asking again may add at worst; null where nothing is asked again. */
export function describeReasks({ cost, reasks }: PlanSummary): string | null {
  if (reasks === null) return null
  const turns = reasks.turns === 1 ? 'once' : `up to ${count(reasks.turns)} times`
  const worst = reasks.isExpectedLength
    ? `about ${dollars(reasks.mostUsd)} more if every answer were invalid every time and as long as expected`
    : `at most ${dollars(reasks.mostUsd)} more, if every answer were invalid every time`
  const part =
    cost === null || cost.mostUsd === null
      ? 'not part of the cost above'
      : 'part of the maximum above, not of the expected cost'
  return `${turns} where an answer does not fit: ${worst}; ${part}`
}

/** The same at the full price; null where nothing is charged. */
export function describeFullPrice(cost: CostEstimate | null): string | null {
  return cost === null || isNothing(cost) ? null : amounts(cost.synchronousUsd, cost.synchronousMostUsd, null)
}

/** The most that asking directly at the deadline may bring the whole to; null where nothing is to be asked so. */
export function describeTail(cost: CostEstimate | null, tail: Tail | undefined): string | null {
  if (tail === undefined) return null
  if (cost === null) return 'unknown: the price is'
  return `${amounts(cost.synchronousUsd, cost.synchronousMostUsd, null)} in all, if every row were asked directly at the deadline`
}

/** Models that cost nothing cost that for answers of any length. */
function isNothing({ expectedUsd, mostUsd, synchronousUsd }: CostEstimate): boolean {
  return expectedUsd === 0 && synchronousUsd === 0 && (mostUsd ?? 0) === 0
}

function amounts(expected: number, most: number | null, hint: string | null): string {
  if (most !== null) return `about ${dollars(expected)}, at most ${dollars(most)}`
  return `about ${dollars(expected)}${hint === null ? '' : ` (${hint})`}`
}

/** Of which day the prices are, a line for each that differs; null where none is known. */
export function describePrices(prices: readonly (Pick<Price, 'asOf' | 'source'> | null)[]): string | null {
  const lines = prices
    .filter((price) => price !== null)
    .map(({ asOf, source }) => (asOf === null ? `from ${source}` : `as of ${asOf} (${source})`))
  return lines.length === 0 ? null : [...new Set(lines)].join('\n')
}

/** How long the known queue limits let it take, for people; null where none is known. */
export function describeTime({ targets }: PlanSummary): string | null {
  const lines = targets.flatMap(({ queue, target }) => (queue === null ? [] : [queueText(target, queue)]))
  return lines.length === 0 ? null : lines.join('\n')
}

function queueText(
  { model, provider }: TargetSummary['target'],
  { rounds, tokens }: NonNullable<TargetSummary['queue']>,
): string {
  const limit = `${count(tokens)} input tokens may wait at once for ${provider}/${model}`
  return rounds <= 1 ? `up to 24h; ${limit}` : `${count(rounds)} rounds of the queue, each of up to 24h; ${limit}`
}
