import { describe, expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'

const backoff = { firstMs: 1_000, factor: 2, mostMs: 60_000 }

describe('backoffMs', () => {
  it('grows from the first wait to the longest and stays there', () => {
    const waits = [0, 1, 2, 5, 6, 1_000].map((count) => backoffMs(backoff, count, 0.5))
    expect(waits).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
  })

  it.each([
    [0, 800],
    [0.999_999, 1_200],
  ])('spreads a wait by a fifth: fraction %d gives %i ms', (fraction, milliseconds) => {
    expect(backoffMs(backoff, 0, fraction)).toBe(milliseconds)
  })
})
