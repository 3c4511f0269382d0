import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NumberIndex } from './number-index.ts'

const anyNumber = fc.oneof(fc.nat(50), fc.nat(), fc.integer({ min: 0, max: 36 ** 7 - 1 }))

describe('NumberIndex', () => {
  it('gives each number the place in which it came first, however many come', () => {
    fc.assert(
      fc.property(fc.array(anyNumber, { maxLength: 300 }), fc.nat(400), (numbers, expected) => {
        const index = new NumberIndex(expected)
        const places = numbers.map((number) => index.add(number))
        const distinct = [...new Set(numbers)]
        expect(places).toEqual(numbers.map((number) => distinct.indexOf(number)))
        expect(numbers.map((number) => index.placeOf(number))).toEqual(places)
        expect([...index.numbers()]).toEqual(distinct)
        expect(index.size).toBe(distinct.length)
      }),
    )
  })

  it('has no place for what did not come', () => {
    const index = new NumberIndex(2)
    for (const number of [0, 7, 2 ** 33]) index.add(number)
    expect([1, 8, 2 ** 33 + 7, 2 ** 32].map((number) => index.placeOf(number))).toEqual([-1, -1, -1, -1])
  })
})
