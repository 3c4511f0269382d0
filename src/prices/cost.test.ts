import { describe, expect, it } from 'vitest'
import type { Usage } from '../model/outcome.ts'
import { costOf, costOfRequest, findPrice } from './cost.ts'
import { isOldPrice, longContextTokens, type Price } from './price.ts'

const PRICE: Price = {
  provider: 'openai',
  model: 'm',
  inputUsd: 2,
  cachedInputUsd: 0.5,
  outputUsd: 8,
  batchFactor: 0.5,
  longContext: { aboveTokens: 1_000, inputFactor: 2, outputFactor: 1.5 },
  source: 'test',
  asOf: '2026-11-23',
}

const USAGE: Usage = {
  promptTokens: 1_000_000,
  completionTokens: 500_000,
  cachedTokens: null,
  reasoningTokens: 400_000,
}

describe('findPrice', () => {
  it.each([
    ['openai', 'gpt-6.1-terra', 'gpt-6.1-terra'],
    ['openai', 'gpt-6.1-terra-2026-08-07', 'gpt-6.1-terra'],
    ['mistral', 'mistral-small-latest', 'mistral-small-latest'],
    ['openai', 'gpt-6.1-terra-turbo', undefined],
    ['openai', 'mistral-small-latest', undefined],
    ['mistral', 'mistral-large-2511', undefined],
    ['openai', 'constructor', undefined],
  ])('finds for %s/%s the price of %s', (provider, model, found) => {
    expect(findPrice(provider, model)?.model).toBe(found)
  })

  it('takes the user’s own price first, also for snapshots', () => {
    const own = { 'openai/gpt-6.1-terra': { inputUsdPerMillion: 9, outputUsdPerMillion: 7 } }
    for (const model of ['gpt-6.1-terra', 'gpt-6.1-terra-2026-08-07']) {
      expect(findPrice('openai', model, own)).toMatchObject({ inputUsd: 9, outputUsd: 7, batchFactor: 0.5, asOf: null })
    }
    expect(findPrice('openai', 'gpt-6-luna', own)?.inputUsd).toBe(0.1)
  })
})

describe('costOf', () => {
  it.each<[name: string, usage: Usage | null, price: Price | null, usd: number | null]>([
    ['input and output at half price', USAGE, PRICE, 3],
    ['cached input at its own price', { ...USAGE, cachedTokens: 400_000 }, PRICE, 2.7],
    [
      'cached input at the full price where its own is unknown',
      { ...USAGE, cachedTokens: 400_000 },
      { ...PRICE, cachedInputUsd: null },
      3,
    ],
    ['more cached than sent', { ...USAGE, cachedTokens: 9_000_000 }, PRICE, 2.25],
    ['embeddings', { ...USAGE, completionTokens: null }, { ...PRICE, outputUsd: null }, 1],
    ['an unknown price', USAGE, null, null],
    ['no usage', null, PRICE, null],
    ['no usage of what is free', null, { ...PRICE, inputUsd: 0, outputUsd: null }, 0],
    ['an unknown input', { ...USAGE, promptTokens: null }, PRICE, null],
    ['an unknown output', { ...USAGE, completionTokens: null }, PRICE, null],
    ['an output without a price', USAGE, { ...PRICE, outputUsd: null }, null],
    ['nothing used', { promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 }, PRICE, 0],
  ])('counts %s', (_name, usage, price, usd) => {
    const found = costOf(usage, price, 'batch')
    // Rounded to billionths of a dollar, because decimal fractions are not exact.
    expect(found === null ? null : Math.round(found * 1e9) / 1e9).toBe(usd)
  })

  it.each([
    ['for minutes, a quarter more', { cacheWriteTokens: 400_000, hourWriteTokens: 0 }, 3.1],
    ['for an hour, twice as much', { cacheWriteTokens: 400_000, hourWriteTokens: 400_000 }, 3.4],
    ['for both, each at its own', { cacheWriteTokens: 400_000, hourWriteTokens: 200_000, cachedTokens: 600_000 }, 2.8],
  ])('counts what was written to the cache %s', (_, written, usd) => {
    expect(costOf({ ...USAGE, ...written }, { ...PRICE, provider: 'anthropic' }, 'priming')).toBeCloseTo(usd, 9)
    expect(costOf({ ...USAGE, ...written, cachedTokens: null }, PRICE, 'batch')).toBeCloseTo(3, 9)
  })

  it('has no digits that no price has', () => {
    const price = { ...PRICE, inputUsd: 0.1, outputUsd: 0.5 }
    const tokens = (promptTokens: number, completionTokens: number) => ({ ...USAGE, promptTokens, completionTokens })
    for (let prompt = 1; prompt < 100; prompt += 1) {
      expect(String(costOf(tokens(prompt, 9), price, 'batch'))).toMatch(/^[\d.]{1,12}(?:e-\d+)?$/)
    }
  })

  it('counts a direct call in full', () => {
    expect(costOf(USAGE, PRICE, 'direct')).toBeCloseTo(6, 10)
  })
})

describe('costOfRequest', () => {
  it.each([
    [1_000, 0.001],
    [1_001, 0.002_002],
  ])('counts %i input tokens as %d dollars, dearer above the long-context limit', (promptTokens, usd) => {
    const usage = { promptTokens, completionTokens: 0, cachedTokens: null, reasoningTokens: null }
    expect(costOfRequest(usage, PRICE, 'batch')).toBeCloseTo(usd, 10)
  })

  it('is null where the cost is unknown', () => {
    expect(costOfRequest(USAGE, null, 'batch')).toBeNull()
  })
})

describe('the age of a price', () => {
  it.each([
    ['2026-11-23', '2027-02-21', false],
    ['2026-11-23', '2027-02-22', true],
    [null, '2030-01-01', false],
  ])('of %s counts as old on %s: %s', (asOf, today, isOld) => {
    expect(isOldPrice({ ...PRICE, asOf }, Date.parse(today))).toBe(isOld)
  })
})

describe('the length above which a model is dearer', () => {
  it.each([
    ['openai', 272_000],
    ['mistral', Number.MAX_SAFE_INTEGER],
    ['unheard-of', Number.MAX_SAFE_INTEGER],
  ])('is at %s %i tokens', (provider, tokens) => {
    expect(longContextTokens(provider)).toBe(tokens)
  })
})
