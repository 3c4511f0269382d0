import type { LongContext, ModelPrice } from '../facts.ts'
import { GENAI_PRICES, type PriceRow, pricesOf } from '../price-list.ts'

/** Half price, by the page on the batch API (2026-11-22). */
const BATCH_FACTOR = 0.5

/** Requests of more than 200,000 input tokens cost twice for input and half as much again for output. */
const LONG_CONTEXT: LongContext = { aboveTokens: 200_000, inputFactor: 2, outputFactor: 1.5 }

const PRO_ROWS: readonly PriceRow[] = [
  ['gemini-3.1-pro-preview', 2, 0.2, 12],
  ['gemini-3-pro-preview', 2, 0.2, 12],
  ['gemini-2.5-pro', 1.25, 0.125, 10],
]

const ROWS: readonly PriceRow[] = [
  // The source has these at twice the price from 2027 on.
  ['gemini-3.8-flash', 0.75, 0.075, 3.75],
  ['gemini-3.7-flash', 0.75, 0.075, 3.75],
  ['gemini-3.6-flash', 0.75, 0.075, 3.75],
  ['gemini-3.5-flash', 1.5, 0.15, 9],
  ['gemini-3.5-flash-lite', 0.3, 0.03, 2.5],
  ['gemini-3.1-flash-lite', 0.25, 0.025, 1.5],
  ['gemini-3-flash-preview', 0.5, 0.05, 3],
  ['gemini-2.5-flash', 0.3, 0.03, 2.5],
  ['gemini-2.5-flash-lite', 0.1, 0.01, 0.4],
  ['gemini-2.0-flash', 0.1, 0.025, 0.4],
  ['gemini-2.0-flash-lite', 0.075, null, 0.3],
  ['gemini-embedding-001', 0.15, null, null],
]

/** What is not sure is left out; recordings have prices of their own, which are not here. */
export const PRICES: readonly ModelPrice[] = [
  ...pricesOf(PRO_ROWS, { ...GENAI_PRICES, batchFactor: BATCH_FACTOR, longContext: LONG_CONTEXT }),
  ...pricesOf(ROWS, { ...GENAI_PRICES, batchFactor: BATCH_FACTOR }),
]
