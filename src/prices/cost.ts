import type { Usage } from '../model/outcome.ts'
import type { Price } from './table.ts'

/** How a request was bought. */
export type PriceKind = 'batch' | 'direct'

const MILLION = 1_000_000

/**
 * US dollars for the usage of one request. Cached tokens count at their own price where it is known, at the full input
 * price otherwise; reasoning tokens are part of the completion. Null where a number that is needed is unknown.
 */
export function costOf(usage: Usage | null, price: Price | null, kind: PriceKind): number | null {
  if (!usage || !price || usage.promptTokens === null) return null
  const output = outputUsd(usage, price)
  if (output === null) return null
  const cached = Math.min(usage.cachedTokens ?? 0, usage.promptTokens)
  const input = (usage.promptTokens - cached) * price.inputUsd + cached * (price.cachedInputUsd ?? price.inputUsd)
  const long = price.longContext && usage.promptTokens > price.longContext.aboveTokens ? price.longContext : null
  const total = input * (long?.inputFactor ?? 1) + output * (long?.outputFactor ?? 1)
  return (total / MILLION) * (kind === 'batch' ? price.batchFactor : 1)
}

/** Embeddings have no completion: neither tokens nor a price. */
function outputUsd(usage: Usage, price: Price): number | null {
  if (price.outputUsd === null) return usage.completionTokens ? null : 0
  return usage.completionTokens === null ? null : usage.completionTokens * price.outputUsd
}
