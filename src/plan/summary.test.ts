import { describe, expect, it } from 'vitest'
import type { Target } from '../model/target.ts'
import { findPrice } from '../prices/cost.ts'
import { estimateDiskBytes } from './disk-space.ts'
import type { BatchCut } from './splitter.ts'
import { summarisePlan } from './summary.ts'
import { estimateTokens } from './tokens.ts'

const KNOWN: Target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-5-mini' }

const UNKNOWN: Target = { ...KNOWN, model: 'my-own' }

const COUNTS = { rows: 5, problems: 1, emptyPlaceholders: 2, rowBytes: 1_000, maxTokens: 100 }

const CUTS: readonly BatchCut[] = [
  { ordinal: 0, target: KNOWN, requests: 2, bytes: 400, tokens: 1_000_000 },
  { ordinal: 1, target: UNKNOWN, requests: 1, bytes: 200, tokens: 50 },
  { ordinal: 2, target: KNOWN, requests: 1, bytes: 100, tokens: 1_000_000 },
]

describe('summarisePlan', () => {
  it('adds up batches by target, in the order of their first batch', () => {
    const summary = summarisePlan(COUNTS, CUTS, priceOf)
    expect(summary).toMatchObject({
      rows: 5,
      requests: 4,
      problems: 1,
      emptyPlaceholders: 2,
      batches: 3,
      bytes: 700,
      tokens: 2_000_050,
    })
    expect(
      summary.targets.map(({ target, requests, batches, bytes }) => [target.model, requests, batches, bytes]),
    ).toEqual([
      ['gpt-5-mini', 3, 2, 500],
      ['my-own', 1, 1, 200],
    ])
  })

  it('estimates the cost at the batch price, answers as long as they may be', () => {
    const [known] = summarisePlan(COUNTS, CUTS, priceOf).targets
    expect(known?.cost?.inputUsd).toBeCloseTo(0.25, 10)
    expect(known?.cost?.mostOutputUsd).toBeCloseTo((300 * 2 * 0.5) / 1e6, 10)
  })

  it('does not know the whole cost where one price is unknown, or the answers have no limit', () => {
    expect(summarisePlan(COUNTS, CUTS, priceOf).cost).toBeNull()
    const onlyKnown = CUTS.filter(({ target }) => target === KNOWN)
    expect(summarisePlan({ ...COUNTS, maxTokens: null }, onlyKnown, priceOf).cost).toEqual({
      inputUsd: 0.25,
      mostOutputUsd: null,
    })
  })
})

describe('estimateDiskBytes', () => {
  it('counts rows twice, inputs once, and something for every answer', () => {
    const facts = { requests: 0, rowBytes: 1_000, inputBytes: 5_000, maxTokens: null }
    expect(estimateDiskBytes(facts)).toBe(7_000)
    expect(estimateDiskBytes({ ...facts, requests: 1 })).toBeGreaterThan(7_000)
    expect(estimateDiskBytes({ ...facts, requests: 1, maxTokens: 5 })).toBeLessThan(
      estimateDiskBytes({ ...facts, requests: 1 }),
    )
  })
})

describe('estimateTokens', () => {
  it.each([
    [0, 0],
    [1, 1],
    [4, 1],
    [4_000, 1_000],
  ])('of %i bytes is %i', (bytes, tokens) => {
    expect(estimateTokens(bytes)).toBe(tokens)
  })
})

function priceOf({ provider, model }: Target): ReturnType<typeof findPrice> {
  return findPrice(provider, model)
}
