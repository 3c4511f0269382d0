import { expect, it } from 'vitest'
import { instantOf } from './instant.ts'

it.each([
  [1_763_900_000, '2025-11-23T12:13:20.000Z'],
  [1_763_900_000_000, '2025-11-23T12:13:20.000Z'],
  ['1763900000', '2025-11-23T12:13:20.000Z'],
  ['2025-11-23T12:13:20Z', '2025-11-23T12:13:20.000Z'],
  [0, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  ['', undefined],
  ['Invalid Date', undefined],
  ['item 7', undefined],
  [null, undefined],
  [undefined, undefined],
  [{}, undefined],
  [9e15, undefined],
  // Neither seconds nor milliseconds, the year 1, microseconds.
  [1_763_900, undefined],
  ['0001-01-01T00:00:00Z', undefined],
  [1_763_900_000_000_000, undefined],
  [1e308, undefined],
])('the instant %j is %s', (value, expected) => {
  expect(instantOf(value)?.toISOString()).toBe(expected)
})
