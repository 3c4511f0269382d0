import type { Configuration } from '../config/configuration.ts'
import { type Target, targetKey } from '../model/target.ts'
import { costOfRequest } from '../prices/cost.ts'
import type { AttemptRecord, RowResultRecord, RunStore } from '../store/store.ts'
import { priceList } from './budget.ts'
import { canaryAboveFor, chosenBy, type RetryOptions } from './retry.ts'

/** What sending requests again may cost. */
export interface RetryBill {
  /** Requests that are sent again. */
  readonly requests: number
  /** Those of them that were billed, or may have been. */
  readonly billed: number
  /** US dollars that the billed ones cost the last time; null where that is not known of all of them. */
  readonly lastCostUsd: number | null
  /** US dollars that all of them may cost with the new limit of tokens; null without one, and where it is not known. */
  readonly mostCostUsd: number | null
}

/** Rows looked at together. */
const PAGE_ROWS = 4_000

/** Adds up what requests cost the last time and may cost now, to be said before they are bought again. */
export async function retryBillOf(
  store: RunStore,
  options: RetryOptions,
  { prices, settings }: Pick<Configuration, 'prices' | 'settings'>,
): Promise<RetryBill> {
  const inputTokensOf = meanInputTokens(await store.allAttempts())
  const bill = new OpenBill(options, priceList(prices), inputTokensOf)
  const { billed, statuses } = chosenBy(options.statuses)
  let after = -1
  for (;;) {
    const page = await store.rowResults(after, PAGE_ROWS)
    for (const row of page) {
      const isChosen = statuses.some((status) => status === row.state) && billed.includes(row.result?.billed ?? 'no')
      if (isChosen) bill.add(row)
    }
    const last = page.at(-1)
    if (!last) return bill.close(canaryAboveFor(options, settings.canary), settings.canary.requests)
    after = last.row
  }
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

  add({ kind, result, target }: RowResultRecord): void {
    this.#requests += 1
    if (target === null) return
    this.#addMost(target, result?.promptTokens ?? this.#inputTokensOf(target))
    if (!result || result.billed === 'no') return
    this.#billed += 1
    const cost = costOfRequest(result, this.#priceOf(target), kind ?? 'batch')
    this.#lastCostUsd = this.#lastCostUsd === null || cost === null ? null : this.#lastCostUsd + cost
  }

  close(canaryAbove: number | null, canaryRequests: number): RetryBill {
    const hasCanary = canaryAbove !== null && this.#requests > canaryAbove
    const part = hasCanary ? Math.min(1, canaryRequests / this.#requests) : 0
    const most = this.#mostInBatchUsd
    return {
      requests: this.#requests,
      billed: this.#billed,
      lastCostUsd: this.#lastCostUsd,
      mostCostUsd: this.#maxTokens === null || most === null ? null : most * (1 - part) + this.#mostDirectUsd * part,
    }
  }

  #addMost(target: Target, promptTokens: number): void {
    const usage = { promptTokens, completionTokens: this.#maxTokens ?? 0, cachedTokens: null, reasoningTokens: null }
    const price = this.#priceOf(target)
    const most = costOfRequest(usage, price, 'batch')
    this.#mostInBatchUsd = this.#mostInBatchUsd === null || most === null ? null : this.#mostInBatchUsd + most
    this.#mostDirectUsd += costOfRequest(usage, price, 'direct') ?? 0
  }
}
