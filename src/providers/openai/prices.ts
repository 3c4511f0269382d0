import type { LongContext, ModelPrice } from '../facts.ts'
import { GENAI_PRICES, type PriceRow, pricesOf } from '../price-list.ts'

/** Half price, by the batch guide (2026-11-22). */
const BATCH_FACTOR = 0.5

/** Requests of more than 272,000 input tokens cost twice for input and half as much again for output. */
const LONG_CONTEXT: LongContext = { aboveTokens: 272_000, inputFactor: 2, outputFactor: 1.5 }

/** OpenAI's price page as two third parties quote it; a batch costs half there too. */
const GPT_6_1 = { source: 'docs.litellm.ai/blog/gpt-6-1-terra', asOf: '2026-11-28' } as const

const ROWS: readonly PriceRow[] = [
  ['gpt-6-astra', 10, 1, 50],
  ['gpt-6-sol', 2, 0.2, 10],
  ['gpt-6-luna', 0.1, 0.01, 0.5],
  ['gpt-5.6-sol', 4, 0.4, 20],
  ['gpt-5.6-terra', 2, 0.2, 12],
  ['gpt-5.6-luna', 0.2, 0.02, 1.2],
  ['gpt-5.5', 5, 0.5, 30],
  ['gpt-5.4', 2.5, 0.25, 15],
]

const ROWS_6_1: readonly PriceRow[] = [['gpt-6.1-terra', 1, 0.05, 5]]

const ONE_RATE: readonly PriceRow[] = [
  ['gpt-5.4-mini', 0.75, 0.075, 4.5],
  ['gpt-5.4-nano', 0.2, 0.02, 1.25],
  ['gpt-5.2', 1.75, 0.175, 14],
  ['gpt-5.1', 1.25, 0.125, 10],
  ['gpt-5', 1.25, 0.125, 10],
  ['gpt-5-mini', 0.25, 0.025, 2],
  ['gpt-5-nano', 0.05, 0.005, 0.4],
  ['gpt-4.1', 2, 0.5, 8],
  ['gpt-4.1-mini', 0.4, 0.1, 1.6],
  ['gpt-4.1-nano', 0.1, 0.025, 0.4],
  ['gpt-4o', 2.5, 1.25, 10],
  // This snapshot has a price of its own, so it must not be found as gpt-4o.
  ['gpt-4o-2024-05-13', 5, null, 15],
  ['gpt-4o-mini', 0.15, 0.075, 0.6],
  ['o4-mini', 1.1, 0.275, 4.4],
  ['o3', 2, 0.5, 8],
  ['o3-mini', 1.1, 0.55, 4.4],
  ['o1', 15, 7.5, 60],
  ['text-embedding-3-large', 0.13, null, null],
  ['text-embedding-3-small', 0.02, null, null],
]

/** OpenAI's page on the model calls it free; its answers count no tokens. */
const FREE = { source: 'developers.openai.com/api/docs/models/omni-moderation-latest', asOf: '2026-11-27' } as const

const FREE_ROWS: readonly PriceRow[] = [
  ['omni-moderation-latest', 0, null, null],
  ['omni-moderation-2024-09-26', 0, null, null],
]

/** What is not sure is left out. Cached input is priced in batches too (price page of 2026-10-04). */
export const PRICES: readonly ModelPrice[] = [
  ...pricesOf(ROWS, { ...GENAI_PRICES, batchFactor: BATCH_FACTOR, longContext: LONG_CONTEXT }),
  ...pricesOf(ROWS_6_1, { ...GPT_6_1, batchFactor: BATCH_FACTOR, longContext: LONG_CONTEXT }),
  ...pricesOf(ONE_RATE, { ...GENAI_PRICES, batchFactor: BATCH_FACTOR }),
  ...pricesOf(FREE_ROWS, { ...FREE, batchFactor: BATCH_FACTOR }),
]
