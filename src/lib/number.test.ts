import { expect, it } from 'vitest'
import { grouped, sumKnown } from './number.ts'

it.each([
  [[1, 2, 3], 6],
  [[1, null, 3], null],
  [[], 0],
])('adds up %j', (numbers, sum) => {
  expect(sumKnown(numbers)).toBe(sum)
})

it.each([0, 7, 999, 1_000, 50_000, 1_234_567, 10 ** 12, -1_500, 1_234.5, 0.12345, 99_999.9996])(
  'writes %d as the rules of American English do',
  (value) => {
    expect(grouped(value)).toBe(value.toLocaleString('en-US'))
  },
)
