import { describe, expect, it } from 'vitest'
import { isTooMany } from './stop-loss.ts'

const LIMIT = { share: 0.5, leastRows: 10 }

describe('failures that look alike', () => {
  it.each([
    [10, 10, true],
    [11, 20, true],
    [10, 20, false],
    [9, 9, false],
    [100_001, 200_000, true],
    [0, 0, false],
  ])('%i of %i rows are too many: %s', (failed, requests, expected) => {
    expect(isTooMany({ code: 'x', example: 'y', failed, requests }, LIMIT)).toBe(expected)
  })

  it('are never too many where the share is all', () => {
    expect(isTooMany({ code: 'x', example: 'y', failed: 50, requests: 50 }, { share: 1, leastRows: 1 })).toBe(false)
  })
})
