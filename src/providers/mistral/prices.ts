import type { ModelPrice } from '../facts.ts'
import { GENAI_PRICES, type PriceRow, pricesOf } from '../price-list.ts'

/** Half price, by the batch guide (2026-11-22). */
const BATCH_FACTOR = 0.5

/** An alias has the price of the model behind it, which Mistral's own pages name; the source above has it stale. */
const ALIAS = {
  source: '@pydantic/genai-prices 0.1.8 for mistral-small-2603, the model docs.mistral.ai lists the alias under',
  asOf: '2026-09-23',
} as const

const ROWS: readonly PriceRow[] = [
  ['mistral-large-2512', 0.5, 0.05, 1.5],
  ['mistral-medium-3-5', 1.5, 0.15, 7.5],
  ['mistral-medium-latest', 1.5, 0.15, 7.5],
  ['mistral-medium-2508', 0.4, 0.04, 2],
  ['mistral-small-2603', 0.15, 0.015, 0.6],
  ['ministral-14b-2512', 0.2, 0.02, 0.2],
  ['ministral-8b-2512', 0.15, 0.015, 0.15],
  ['ministral-8b-latest', 0.15, 0.015, 0.15],
  ['ministral-3b-2512', 0.1, 0.01, 0.1],
  ['codestral-2508', 0.3, 0.03, 0.9],
  ['mistral-embed', 0.1, null, null],
]

const ALIASES: readonly PriceRow[] = [['mistral-small-latest', 0.15, 0.015, 0.6]]

/** What is not sure is left out. Whether cached input has its price in batches too is not documented. */
export const PRICES: readonly ModelPrice[] = [
  ...pricesOf(ROWS, { ...GENAI_PRICES, batchFactor: BATCH_FACTOR }),
  ...pricesOf(ALIASES, { ...ALIAS, batchFactor: BATCH_FACTOR }),
]
