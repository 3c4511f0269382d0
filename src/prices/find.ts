import { PRICES, type Price } from './table.ts'

/** A dated snapshot's name: `gpt-5-mini-2025-08-07`. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/

/**
 * The price of a model: the user's own first, then ours; by the exact name first, then a dated snapshot by the name
 * without its date. Null where it is unknown.
 */
export function findPrice(provider: string, model: string, overrides: readonly Price[] = []): Price | null {
  const names = [model, model.replace(SNAPSHOT, '')]
  for (const prices of [overrides, PRICES]) {
    for (const name of names) {
      const found = prices.find((price) => price.provider === provider && price.model === name)
      if (found) return found
    }
  }
  return null
}
