import type { LongContext, ModelPrice } from '../facts.ts'
import { GENAI_PRICES, type PriceRow, pricesOf } from '../price-list.ts'

/** Requests of more than 272,000 input tokens cost twice for input and half as much again for output. */
const LONG_CONTEXT: LongContext = { aboveTokens: 272_000, inputFactor: 2, outputFactor: 1.5 }

/** Models that the source has a second time for batches, at half of these prices. */
const HALVED_ROWS: readonly PriceRow[] = [
  ['openai/gpt-6-luna', 0.1, null, 0.5],
  ['openai/gpt-6-sol', 2, null, 10],
]

const LONG_ROWS: readonly PriceRow[] = [
  ['openai/gpt-5.6-luna', 0.2, null, 1.2],
  ['openai/gpt-5.6-sol', 2, null, 10],
  ['openai/gpt-5.6-terra', 2, null, 12],
  ['openai/gpt-5.5', 5, null, 30],
  ['openai/gpt-5.4', 2.5, null, 15],
]

const ROWS: readonly PriceRow[] = [
  ['openai/gpt-5.4-mini', 0.75, null, 4.5],
  ['openai/gpt-5.4-nano', 0.2, null, 1.25],
  ['openai/gpt-5', 1.25, null, 10],
  ['openai/gpt-5-mini', 0.25, null, 2],
  ['openai/gpt-5-nano', 0.05, null, 0.4],
  ['openai/gpt-4.1', 2, null, 8],
  ['openai/gpt-4.1-mini', 0.4, null, 1.6],
  ['openai/gpt-4.1-nano', 0.1, null, 0.4],
  ['openai/gpt-4o', 2.5, null, 10],
  ['openai/gpt-4o-mini', 0.15, null, 0.6],
  ['anthropic/claude-fable-5.1', 10, null, 50],
  ['anthropic/claude-fable-5', 10, null, 50],
  ['anthropic/claude-opus-5.5', 4, null, 20],
  ['anthropic/claude-opus-5', 5, null, 25],
  ['anthropic/claude-opus-4.8', 5, null, 25],
  ['anthropic/claude-opus-4.7', 5, null, 25],
  ['anthropic/claude-opus-4.6', 5, null, 25],
  ['anthropic/claude-opus-4.5', 5, null, 25],
  ['anthropic/claude-sonnet-5', 2, null, 10],
  ['anthropic/claude-sonnet-4.6', 3, null, 15],
  ['anthropic/claude-haiku-4.5', 1, null, 5],
  ['google/gemini-3.5-flash', 1.5, null, 9],
  ['google/gemini-3.1-flash-lite', 0.25, null, 1.5],
  ['google/gemini-3-flash-preview', 0.5, null, 3],
  ['google/gemini-2.5-flash', 0.3, null, 2.5],
  ['google/gemini-2.5-flash-lite', 0.1, null, 0.4],
]

/**
 * Models of makers that OpenRouter leads to at the makers' own prices; those of open models change with the host of the day
 * and are left out. A batch is "typically" half, so that it counts in full unless the source has it; so do cached tokens.
 */
export const PRICES: readonly ModelPrice[] = [
  ...pricesOf(HALVED_ROWS, { ...GENAI_PRICES, batchFactor: 0.5, longContext: LONG_CONTEXT }),
  ...pricesOf(LONG_ROWS, { ...GENAI_PRICES, batchFactor: 1, longContext: LONG_CONTEXT }),
  ...pricesOf(ROWS, { ...GENAI_PRICES, batchFactor: 1 }),
]
