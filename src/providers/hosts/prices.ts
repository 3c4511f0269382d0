import type { ModelPrice } from '../facts.ts'
import { GENAI_PRICES, type PriceRow, pricesOf } from '../price-list.ts'

/** Groq's models of today. The source cites console.groq.com/docs/models; nothing cached counts in a batch here. */
const GROQ_ROWS: readonly PriceRow[] = [
  ['openai/gpt-oss-120b', 0.15, null, 0.6],
  ['openai/gpt-oss-20b', 0.075, null, 0.3],
  ['llama-3.3-70b-versatile', 0.59, null, 0.79],
  ['llama-3.1-8b-instant', 0.05, null, 0.08],
  ['meta-llama/llama-4-maverick-17b-128e-instruct', 0.2, null, 0.6],
  ['meta-llama/llama-4-scout-17b-16e-instruct', 0.11, null, 0.34],
  ['qwen/qwen3-32b', 0.29, null, 0.59],
  ['moonshotai/kimi-k2-instruct', 1, null, 3],
  ['moonshotai/kimi-k2-instruct-0905', 1, null, 3],
]

/** The source cites together.ai/pricing. */
const TOGETHER_ROWS: readonly PriceRow[] = [
  ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 0.88, null, 0.88],
  ['meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8', 0.27, null, 0.85],
  ['meta-llama/Llama-4-Scout-17B-16E-Instruct', 0.18, null, 0.59],
  ['meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo', 3.5, null, 3.5],
  ['meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo', 0.88, null, 0.88],
  ['meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo', 0.18, null, 0.18],
]

/** The source cites docs.doubleword.ai/inference-api/models. */
const DOUBLEWORD_ROWS: readonly PriceRow[] = [
  ['Qwen/Qwen3-14B-FP8', 0.05, null, 0.6],
  ['Qwen/Qwen3-VL-235B-A22B-Instruct-FP8', 0.6, null, 1.2],
  ['Qwen/Qwen3-VL-30B-A3B-Instruct-FP8', 0.16, null, 0.8],
  ['Qwen/Qwen3.5-35B-A3B-FP8', 0.25, null, 2],
  ['Qwen/Qwen3.5-397B-A17B', 0.6, null, 3.6],
  ['Qwen/Qwen3.5-9B', 0.08, null, 0.7],
  ['Qwen/Qwen3.6-35B-A3B-FP8', 0.25, null, 2],
  ['Qwen/Qwen3.8-27B-FP8', 0.45, null, 3],
  ['Qwen/Qwen3-Embedding-8B', 0.04, null, null],
  ['deepseek-ai/DeepSeek-V4-Flash', 0.14, null, 0.28],
  ['deepseek-ai/DeepSeek-V4-Pro', 1.74, null, 3.48],
  ['deepseek-ai/DeepSeek-V4.1-Flash', 0.15, null, 0.6],
  ['google/gemma-4-31B-it', 0.14, null, 0.4],
  ['moonshotai/Kimi-K2.6', 0.95, null, 4],
  ['moonshotai/kimi-k3', 3, null, 15],
  ['openai/gpt-oss-20b', 0.04, null, 0.3],
  ['zai-org/GLM-5.1-FP8', 1.4, null, 4.4],
  ['zai-org/GLM-5.2-FP8', 0.93, null, 3],
]

/** A batch costs half, by the profile. */
export const GROQ_PRICES: readonly ModelPrice[] = pricesOf(GROQ_ROWS, { ...GENAI_PRICES, batchFactor: 0.5 })

/** No discount is sure, so that a batch counts in full. */
export const TOGETHER_PRICES: readonly ModelPrice[] = pricesOf(TOGETHER_ROWS, { ...GENAI_PRICES, batchFactor: 1 })

/** Batches have prices of their own, which are not known, so that one counts in full. */
export const DOUBLEWORD_PRICES: readonly ModelPrice[] = pricesOf(DOUBLEWORD_ROWS, { ...GENAI_PRICES, batchFactor: 1 })
