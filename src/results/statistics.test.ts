import { describe, expect, it } from 'vitest'
import { exactMcNemar, shareOf } from './statistics.ts'

describe("Wilson's interval", () => {
  it.each([
    // Computed by hand from the formula, and as statistics packages give them.
    [8, 10, 0.4902, 0.9433],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [1, 1, 0.2065, 1],
    [500, 1000, 0.4691, 0.5309],
  ])('of %i in %i reaches from %f to %f', (part, whole, low, high) => {
    const share = shareOf(part, whole)
    expect(share.value).toBe(part / whole)
    expect(share.low).toBeCloseTo(low, 4)
    expect(share.high).toBeCloseTo(high, 4)
  })

  it('is empty where there are no rows', () => {
    expect(shareOf(0, 0)).toEqual({ part: 0, whole: 0, value: 0, low: 0, high: 0 })
  })
})

describe("McNemar's exact test", () => {
  it.each([
    [10, 3, 756 / 8192],
    [3, 10, 756 / 8192],
    [5, 5, 1],
    [0, 0, 1],
    [0, 6, 2 / 64],
    [1, 0, 1],
  ])('of %i against %i gives %f', (onlyFirst, onlySecond, p) => {
    expect(exactMcNemar(onlyFirst, onlySecond)).toBeCloseTo(p, 12)
  })

  it('holds where powers of a half are zero to a computer', () => {
    // By the normal approximation about 0.00002.
    expect(exactMcNemar(1_200, 1_000)).toBeCloseTo(0.000022, 5)
    expect(exactMcNemar(500_000, 500_000)).toBe(1)
  })
})
