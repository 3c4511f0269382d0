import { describe, expect, it } from 'vitest'
import { billOf, costOfParts, type UsagePart } from './bill.ts'
import { findPrice } from './cost.ts'

const NOTHING: UsagePart = {
  isLong: false,
  answers: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  cacheWriteTokens: 0,
  hourWriteTokens: 0,
  withoutUsage: 0,
}

const ANSWERED: UsagePart = { ...NOTHING, answers: 2, promptTokens: 1_000_000, completionTokens: 100_000 }

const PRICE = findPrice('openai', 'own', {
  'openai/own': { inputUsdPerMillion: 2, outputUsdPerMillion: 10 },
})

describe('the bill of results', () => {
  it.each<[string, readonly UsagePart[], number | null, number | null]>([
    ['answers at their price', [ANSWERED], 1_500_000, null],
    ['nothing that was billed, whatever the price', [NOTHING], 0, 0],
    ['no results at all, whatever the price', [], 0, 0],
    ['answers without a usage, by what is known of the others', [{ ...ANSWERED, withoutUsage: 1 }], 1_500_000, null],
    ['only answers without a usage', [{ ...NOTHING, withoutUsage: 1 }], 0, null],
  ])('adds up %s', (_, parts, micros, unpriced) => {
    expect(billOf(parts, PRICE, 'batch').micros).toBe(micros)
    expect(billOf(parts, null, 'batch').micros).toBe(unpriced)
  })

  it('is unknown as a cost of answers where one of them told no usage', () => {
    expect(costOfParts([{ ...ANSWERED, withoutUsage: 1 }], PRICE, 'batch')).toBeNull()
    expect(costOfParts([ANSWERED, NOTHING], PRICE, 'batch')).toBe(1.5)
    expect(costOfParts([NOTHING], null, 'batch')).toBe(0)
  })
})
