import { expect, it } from 'vitest'
import { sumKnown } from './sum.ts'

it.each([
  [[1, 2, 3], 6],
  [[1, null, 3], null],
  [[], 0],
])('adds up %j', (numbers, sum) => {
  expect(sumKnown(numbers)).toBe(sum)
})
