import type { Configuration } from '../config/configuration.ts'
import { sumKnown } from '../lib/number.ts'
import type { TallyGroup } from '../model/tally.ts'
import { type Target, targetKey } from '../model/target.ts'
import { costOfParts, longPrice } from '../prices/bill.ts'
import { costOf } from '../prices/cost.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunStore } from '../store/store.ts'
import { priceList } from '../workspace/budget.ts'
import { chosenBy } from '../workspace/retryable.ts'
import { type StandingGroup, standingOf } from '../workspace/standing.ts'
import { canaryAboveFor, type RetryOptions } from './retry.ts'

/** Cost of sending requests again. */
export interface RetryBill {
  /** Requests that are sent again. */
  readonly requests: number
  /** Rows that wait for them: several may share a request. */
  readonly rows: number
  /** Those rows whose requests were billed, or may have been. */
  readonly billed: number
  /** US dollars that the billed ones cost the last time, shared ones once; null where that is not known of all of them. */
  readonly lastCostUsd: number | null
  /** US dollars that all of them may cost with the new limit of tokens; null without one, and where it is not known. */
  readonly mostCostUsd: number | null
}

/** Adds up what requests cost the last time and may cost now, to be said before they are bought again. */
export async function retryBillOf(
  store: RunStore,
  options: RetryOptions,
  { prices, settings }: Pick<Configuration, 'prices' | 'settings'>,
): Promise<RetryBill> {
  const inputTokensOf = meanInputTokens(await store.allAttempts())
  const bill = new OpenBill(options, priceList(prices), inputTokensOf)
  const { billed, statuses } = chosenBy(options.statuses)
  for (const counted of await standingOf(store)) {
    const { group } = counted
    if (statuses.some((status) => status === group.state) && billed.includes(group.billed)) bill.add(counted)
  }
  return bill.close(canaryAboveFor(options, settings.canary), settings.canary.requests)
}

/** Estimated input tokens of a request of each target, for those whose usage was never told. */
function meanInputTokens(attempts: readonly AttemptRecord[]): (target: Target) => number {
  const sums = new Map<string, { tokens: number; requests: number }>()
  for (const { requestCount, target, tokens } of attempts) {
    const sum = sums.get(targetKey(target)) ?? { tokens: 0, requests: 0 }
    sums.set(targetKey(target), { tokens: sum.tokens + tokens, requests: sum.requests + requestCount })
  }
  return (target) => {
    const { requests, tokens } = sums.get(targetKey(target)) ?? { tokens: 0, requests: 1 }
    return Math.ceil(tokens / requests)
  }
}

class OpenBill {
  readonly #maxTokens: number | null
  readonly #priceOf: ReturnType<typeof priceList>
  readonly #inputTokensOf: (target: Target) => number
  #requests = 0
  #rows = 0
  #billed = 0
  #lastCostUsd: number | null = 0
  #mostInBatchUsd: number | null = 0
  /** The same asked directly, at the full price. */
  #mostDirectUsd = 0

  constructor(
    { maxTokens }: RetryOptions,
    priceOf: ReturnType<typeof priceList>,
    inputTokensOf: (target: Target) => number,
  ) {
    this.#maxTokens = maxTokens
    this.#priceOf = priceOf
    this.#inputTokensOf = inputTokensOf
  }

  add({ batch: { kind, target }, group }: StandingGroup): void {
    const { answers, earlierUsd, promptTokens, requests, rows } = group
    const isBilled = group.billed !== 'no' || group.turn > 0
    this.#rows += rows
    this.#requests += requests
    if (isBilled) this.#billed += rows
    this.#addMost(target, promptTokens + (requests - answers) * this.#inputTokensOf(target), group)
    if (!isBilled) return
    const last = group.billed === 'no' ? 0 : costOfParts([group], this.#priceOf(target), kind)
    this.#lastCostUsd = sumKnown([this.#lastCostUsd, last, earlierUsd])
  }

  close(canaryAbove: number | null, canaryRequests: number): RetryBill {
    const hasCanary = canaryAbove !== null && this.#requests > canaryAbove
    const part = hasCanary ? Math.min(1, canaryRequests / this.#requests) : 0
    const most = this.#mostInBatchUsd
    return {
      requests: this.#requests,
      rows: this.#rows,
      billed: this.#billed,
      lastCostUsd: this.#lastCostUsd,
      mostCostUsd: this.#maxTokens === null || most === null ? null : most * (1 - part) + this.#mostDirectUsd * part,
    }
  }

  #addMost(target: Target, promptTokens: number, { isLong, requests }: TallyGroup): void {
    const completionTokens = (this.#maxTokens ?? 0) * requests
    const usage = { promptTokens, completionTokens, cachedTokens: null, reasoningTokens: null }
    const price = this.#priceOf(target)
    const priceOfInput = isLong ? longPrice(price) : price
    this.#mostInBatchUsd = sumKnown([this.#mostInBatchUsd, costOf(usage, priceOfInput, 'batch')])
    this.#mostDirectUsd += costOf(usage, priceOfInput, 'direct') ?? 0
  }
}
