/** What a model costs: US dollars per million tokens at the standard, synchronous price. */
export interface Price {
  readonly provider: string
  readonly model: string
  readonly inputUsd: number
  /** Input tokens that the provider had cached; null where no such price is known. */
  readonly cachedInputUsd: number | null
  /** Null for models that give no tokens, such as embeddings. */
  readonly outputUsd: number | null
  /** What the batch price is of the standard price; 0.5 at both providers. */
  readonly batchFactor: number
  /** Dearer rates for a whole request whose input is longer than this; null where there are none. */
  readonly longContext: LongContext | null
  /** Where the numbers come from. */
  readonly source: string
  /** The day on which that source was current, such as `2026-09-23`; null for the user's own price. */
  readonly asOf: string | null
}

/** True where nothing is charged, whatever was used. */
export function isFree({ inputUsd, outputUsd }: Price): boolean {
  return inputUsd === 0 && (outputUsd ?? 0) === 0
}

/** Providers change prices; after this many days ours deserve a look. */
const FRESH_DAYS = 90

/** True for a price of ours whose day is more than ninety days before `now`, in epoch milliseconds. */
export function isOldPrice(price: Price | null, now: number): boolean {
  if (price === null || price.asOf === null) return false
  return now - Date.parse(price.asOf) > FRESH_DAYS * 24 * 60 * 60 * 1_000
}

export interface LongContext {
  readonly aboveTokens: number
  readonly inputFactor: number
  readonly outputFactor: number
}

/** Its rows cite the providers' own price pages. */
const GENAI_PRICES = { source: '@pydantic/genai-prices 0.1.8', asOf: '2026-09-23' } as const

/** An alias has the price of the model behind it, which Mistral's own pages name; the source above has it stale. */
const MISTRAL_ALIAS = {
  source: '@pydantic/genai-prices 0.1.8 for mistral-small-2603, the model docs.mistral.ai lists the alias under',
  asOf: '2026-09-23',
} as const

/** OpenAI's price page as two third parties quote it; a batch costs half there too. */
const GPT_6_1 = { source: 'docs.litellm.ai/blog/gpt-6-1-terra', asOf: '2026-11-28' } as const

/** Half price, by the batch guides of both providers (2026-11-22). */
const BATCH_FACTOR = 0.5

/** The one length above which any of these prices is dearer; usage is added up apart for it. */
export const LONG_CONTEXT_TOKENS = 272_000

/** OpenAI: requests of more than 272,000 input tokens cost twice for input and half as much again for output. */
const LONG_CONTEXT: LongContext = { aboveTokens: LONG_CONTEXT_TOKENS, inputFactor: 2, outputFactor: 1.5 }

/** Model, input, cached input, output. */
type Numbers = readonly [model: string, inputUsd: number, cachedInputUsd: number | null, outputUsd: number | null]

const OPENAI: readonly Numbers[] = [
  ['gpt-6-astra', 10, 1, 50],
  ['gpt-6-sol', 2, 0.2, 10],
  ['gpt-6-luna', 0.1, 0.01, 0.5],
  ['gpt-5.6-sol', 4, 0.4, 20],
  ['gpt-5.6-terra', 2, 0.2, 12],
  ['gpt-5.6-luna', 0.2, 0.02, 1.2],
  ['gpt-5.5', 5, 0.5, 30],
  ['gpt-5.4', 2.5, 0.25, 15],
]

const OPENAI_6_1: readonly Numbers[] = [['gpt-6.1-terra', 1, 0.05, 5]]

const OPENAI_ONE_RATE: readonly Numbers[] = [
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

const MISTRAL: readonly Numbers[] = [
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

const MISTRAL_ALIASES: readonly Numbers[] = [['mistral-small-latest', 0.15, 0.015, 0.6]]

/** OpenAI's page on the model calls it free; its answers count no tokens. */
const FREE = { source: 'developers.openai.com/api/docs/models/omni-moderation-latest', asOf: '2026-11-27' } as const

const OPENAI_FREE: readonly Numbers[] = [
  ['omni-moderation-latest', 0, null, null],
  ['omni-moderation-2024-09-26', 0, null, null],
]

/**
 * The prices we ship. What is not sure is left out: an unknown price is unknown, never zero. Cached input is priced in
 * batches too at OpenAI (price page of 2026-10-04); for Mistral that is not documented.
 */
export const PRICES: readonly Price[] = [
  ...rows('openai', OPENAI, GENAI_PRICES, LONG_CONTEXT),
  ...rows('openai', OPENAI_6_1, GPT_6_1, LONG_CONTEXT),
  ...rows('openai', OPENAI_ONE_RATE, GENAI_PRICES, null),
  ...rows('openai', OPENAI_FREE, FREE, null),
  ...rows('mistral', MISTRAL, GENAI_PRICES, null),
  ...rows('mistral', MISTRAL_ALIASES, MISTRAL_ALIAS, null),
]

function rows(
  provider: string,
  numbers: readonly Numbers[],
  origin: Pick<Price, 'source' | 'asOf'>,
  longContext: LongContext | null,
): readonly Price[] {
  return numbers.map(([model, inputUsd, cachedInputUsd, outputUsd]) => ({
    provider,
    model,
    inputUsd,
    cachedInputUsd,
    outputUsd,
    batchFactor: BATCH_FACTOR,
    longContext,
    ...origin,
  }))
}
