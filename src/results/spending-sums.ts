import { knownUsd } from '../prices/dollars.ts'
import type { RowView } from './row-view.ts'

export interface TokenSums {
  readonly prompt: number
  readonly completion: number
  /** Rows that were or may have been billed and whose tokens are not known. */
  readonly unknown: number
}

export interface CostSum {
  /** US dollars of the rows whose cost is known; null where rows were or may have been billed and no cost is known. */
  readonly usd: number | null
  /** Rows that were or may have been billed and whose cost is not known. */
  readonly unknown: number
}

/** Tokens and cost of rows. */
export interface Spending {
  readonly tokens: TokenSums
  readonly cost: CostSum
}

/** Adds up what rows used and cost. */
export class SpendingSums {
  #prompt = 0
  #completion = 0
  #withoutTokens = 0
  #usd = 0
  #withoutCost = 0

  add({ answer, row }: RowView): void {
    const [prompt, completion, cost] = [answer('prompt_tokens'), answer('completion_tokens'), answer('cost_usd')]
    if (typeof prompt === 'number') this.#prompt += prompt
    if (typeof completion === 'number') this.#completion += completion
    if (typeof cost === 'number') this.#usd += cost
    if (row.result === null || row.result.outcome.billed === 'no') return
    if (prompt === null) this.#withoutTokens += 1
    if (cost === null) this.#withoutCost += 1
  }

  result(): Spending {
    return {
      tokens: { prompt: this.#prompt, completion: this.#completion, unknown: this.#withoutTokens },
      cost: { usd: knownUsd(this.#usd, this.#withoutCost), unknown: this.#withoutCost },
    }
  }
}
