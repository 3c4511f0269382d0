import type { Configuration } from '../config/configuration.ts'
import { sumKnown } from '../lib/sum.ts'
import { type Target, targetKey } from '../model/target.ts'
import { costOfRequest } from '../prices/cost.ts'
import type { AttemptRecord, QuestionRecord, RowResultRecord, RunStore } from '../store/store.ts'
import { priceList } from '../workspace/budget.ts'
import { chosenBy } from '../workspace/retryable.ts'
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

  add(row: RowResultRecord): void {
    const { isShared, result, target } = row
    this.#rows += 1
    const asked = (row.questions ?? [row]).filter((question) => (question.result?.billed ?? 'no') !== 'no')
    if (asked.length > 0) this.#billed += 1
    // What a request costs is put down at the first of its rows.
    if (isShared) return
    this.#requests += 1
    if (target !== null) this.#addMost(target, result?.promptTokens ?? this.#inputTokensOf(target))
    for (const question of asked) this.#addLast(question)
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

  #addLast({ kind, result, target }: QuestionRecord): void {
    const cost = result && target ? costOfRequest(result, this.#priceOf(target), kind ?? 'batch') : null
    this.#lastCostUsd = sumKnown([this.#lastCostUsd, cost])
  }

  #addMost(target: Target, promptTokens: number): void {
    const usage = { promptTokens, completionTokens: this.#maxTokens ?? 0, cachedTokens: null, reasoningTokens: null }
    const price = this.#priceOf(target)
    const most = costOfRequest(usage, price, 'batch')
    this.#mostInBatchUsd = sumKnown([this.#mostInBatchUsd, most])
    this.#mostDirectUsd += costOfRequest(usage, price, 'direct') ?? 0
  }
}
