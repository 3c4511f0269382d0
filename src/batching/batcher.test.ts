import { expect, it } from 'vitest'
import { distinctCount } from './batcher.ts'

it.each([
  [100, [100, 99, 98]],
  [3, [3, 2, 3]],
  [2, [2, 2, 2]],
  [1, [1, 1, 1]],
])('batches of at most %i requests get different numbers of them, and never less than half', (most, expected) => {
  expect([0, 1, 2].map((ordinal) => distinctCount(most, ordinal))).toEqual(expected)
  for (const ordinal of [50, 51, 1_000]) expect(distinctCount(most, ordinal)).toBeGreaterThan(most / 2 - 1)
})
