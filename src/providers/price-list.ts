import type { LongContext, ModelPrice } from './facts.ts'

/** Model, input, cached input, output: US dollars per million tokens at the synchronous price. */
export type PriceRow = readonly [
  model: string,
  inputUsd: number,
  cachedInputUsd: number | null,
  outputUsd: number | null,
]

/** Its rows cite the providers' own price pages. */
export const GENAI_PRICES = { source: '@pydantic/genai-prices 0.1.8', asOf: '2026-09-23' } as const

/** Facts that all rows of a list share. */
interface PriceOrigin extends Pick<ModelPrice, 'batchFactor' | 'source' | 'asOf'> {
  /** @default no dearer rates */
  readonly longContext?: LongContext | null
}

/** A list that is short to write as what `ProviderFacts.prices` holds. */
export function pricesOf(
  rows: readonly PriceRow[],
  { batchFactor, longContext = null, ...origin }: PriceOrigin,
): readonly ModelPrice[] {
  return rows.map(([model, inputUsd, cachedInputUsd, outputUsd]) => ({
    model,
    inputUsd,
    cachedInputUsd,
    outputUsd,
    batchFactor,
    longContext,
    ...origin,
  }))
}
