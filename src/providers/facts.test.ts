import { describe, expect, it } from 'vitest'
import { factsOf } from './known.ts'
import { PROVIDERS } from './registry.ts'

const PRICED = Object.values(PROVIDERS).filter(({ facts }) => facts?.prices !== undefined)

describe.each(PRICED.map(({ name }) => name))('what is known of %s', (name) => {
  const { contextWindows, prices, queueTiers } = factsOf(name)

  it('has one price per model, with plausible numbers, a source and its day', () => {
    expect(prices.length).toBeGreaterThan(5)
    expect(new Set(prices.map(({ model }) => model)).size).toBe(prices.length)
    for (const { asOf, cachedInputUsd, inputUsd, outputUsd, source } of prices) {
      expect(inputUsd > 0 || (outputUsd ?? 0) === 0).toBe(true)
      expect(cachedInputUsd ?? 0).toBeLessThanOrEqual(inputUsd)
      expect(outputUsd ?? inputUsd).toBeGreaterThanOrEqual(inputUsd)
      expect(source).not.toBe('')
      expect(asOf).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    }
  })

  it('has no batch cheaper than its sheet says', () => {
    const discount = PROVIDERS[name]?.sheet?.discount ?? 0
    for (const { batchFactor } of prices) expect(batchFactor).toBeGreaterThanOrEqual(1 - discount)
  })

  it('has dearer rates above one length only, because usage is added up apart for one', () => {
    const lengths = prices.flatMap(({ longContext }) => longContext?.aboveTokens ?? [])
    expect(new Set(lengths).size).toBeLessThanOrEqual(1)
  })

  it('has plausible windows and queue limits', () => {
    for (const tokens of Object.values(contextWindows)) expect(tokens).toBeGreaterThan(8_000)
    for (const tiers of Object.values(queueTiers)) expect(tiers).toHaveLength(5)
  })
})

it('of an unknown provider is assumed that nothing is cheap or offered', () => {
  const facts = factsOf('constructor')
  expect(facts).toMatchObject({ prices: [], contextWindows: {}, queueTiers: {}, leastCachedTokens: null })
  expect(facts.isReasoningModel('o3')).toBe(false)
  expect(facts.imageTokens({ model: 'o3', detail: 'low', size: null })).toBe(4_096)
})
