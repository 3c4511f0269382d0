import { describe, expect, it } from 'vitest'
import { isTooMany, stopLossReason } from './stop-loss.ts'

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

  it('are told with their code, an example and the way on', () => {
    const stop = { batch: 3, code: 'unsupported_value', example: 'no temperature', failed: 40, requests: 50 }
    expect(stopLossReason(stop)).toMatch(/40 of the 50 rows of batch 3 .*unsupported_value: no temperature.*--ignore/)
  })
})
