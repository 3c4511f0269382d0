import { describe, expect, it } from 'vitest'
import { DuplicateIds } from './duplicate-ids.ts'

describe('DuplicateIds', () => {
  it('gives the earlier place of an id that comes again', () => {
    const ids = new DuplicateIds()
    expect(ids.check('a', 1)).toBeUndefined()
    expect(ids.check('b', 2)).toBeUndefined()
    expect(ids.check('a', 7)).toBe(1)
  })

  it('keeps apart ids that are alike, and finds each again', () => {
    const ids = new DuplicateIds()
    const count = 100_000
    const shapes = [
      (n: number) => `row-${n}`,
      (n: number) => `${n}`,
      (n: number) => `${n}\u0000`,
      (n: number) => '日'.repeat(n % 50) + n,
    ]
    let wrong = 0
    for (const [shape, write] of shapes.entries()) {
      for (let n = 0; n < count; n += 1) if (ids.check(write(n) + shape, n + 1)) wrong += 1
    }
    expect(wrong).toBe(0)
    for (let n = 0; n < count; n += 1) if (!ids.check(`row-${n}0`, n + 1)) wrong += 1
    expect(wrong).toBe(0)
  })
})
