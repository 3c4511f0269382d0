import type { LongContext, ModelPrice } from '../facts.ts'
import { GENAI_PRICES, type PriceRow, pricesOf } from '../price-list.ts'

/** Half price, for cached input too, by the guide on batches (2026-11-22). */
const BATCH_FACTOR = 0.5

const ROWS: readonly PriceRow[] = [
  ['claude-fable-5', 10, 1, 50],
  ['claude-fable-5-1', 10, 0.25, 50],
  ['claude-opus-5-5', 4, 0.2, 20],
  ['claude-opus-5', 5, 0.5, 25],
  ['claude-opus-4-8', 5, 0.5, 25],
  ['claude-opus-4-7', 5, 0.5, 25],
  ['claude-opus-4-6', 5, 0.5, 25],
  ['claude-opus-4-5', 5, 0.5, 25],
  ['claude-opus-4-1', 15, 1.5, 75],
  ['claude-sonnet-5', 2, 0.2, 10],
  ['claude-sonnet-4-6', 3, 0.3, 15],
  ['claude-sonnet-4-5', 3, 0.3, 15],
  ['claude-haiku-4-5', 1, 0.1, 5],
]

/** The provider's own pages of these models; they name the batch discount too. */
const MODEL_PAGES = { source: 'platform.claude.com/docs/en/models', asOf: '2026-11-28' } as const

/** The migration guide halves the price that the model's page has for cached input, so it is left out. */
const NEW_ROWS: readonly PriceRow[] = [['claude-sonnet-5-5', 2, null, 10]]

const HAIKU_ROWS: readonly PriceRow[] = [['claude-haiku-5-5', 0.1, null, 0.5]]

/** Requests of more than 100,000 input tokens cost five times as much. */
const HAIKU_LONG: LongContext = { aboveTokens: 100_000, inputFactor: 5, outputFactor: 5 }

/** What is not sure is left out. */
export const PRICES: readonly ModelPrice[] = [
  ...pricesOf(ROWS, { ...GENAI_PRICES, batchFactor: BATCH_FACTOR }),
  ...pricesOf(NEW_ROWS, { ...MODEL_PAGES, batchFactor: BATCH_FACTOR }),
  ...pricesOf(HAIKU_ROWS, { ...MODEL_PAGES, batchFactor: BATCH_FACTOR, longContext: HAIKU_LONG }),
]
