import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LinePosition, LinePositions } from './line-positions.ts'
import { Tries } from './planned.ts'

const anyOrdinal = fc.oneof(fc.nat(30), fc.integer({ min: 0, max: 36 ** 7 - 1 }))
const anyPlace: fc.Arbitrary<LinePosition> = fc.record({
  isSuccess: fc.boolean(),
  file: fc.constantFrom('output', 'error'),
  offset: fc.maxSafeNat(),
  length: fc.nat(),
})

describe('LinePositions', () => {
  it('gives what was set last for each request, as a map does, and grows beyond what was expected', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyOrdinal, anyPlace)), fc.nat(3), (entries, expected) => {
        const places = new LinePositions(expected)
        for (const [ordinal, place] of entries) places.set(ordinal, place)
        const map = new Map(entries)
        for (const ordinal of [...map.keys(), 31]) {
          expect(places.get(ordinal)).toEqual(map.get(ordinal))
          expect(places.has(ordinal)).toBe(map.has(ordinal))
        }
        expect(places.size).toBe(map.size)
      }),
    )
  })
})

describe('Tries', () => {
  it('gives what was set last for each request, as a map does, and grows beyond what was expected', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyOrdinal, fc.nat(9))), fc.nat(3), (entries, expected) => {
        const tries = new Tries(expected)
        for (const [ordinal, count] of entries) tries.set(ordinal, count)
        const map = new Map(entries)
        for (const ordinal of [...map.keys(), 31]) {
          expect(tries.get(ordinal)).toBe(map.get(ordinal))
          expect(tries.has(ordinal)).toBe(map.has(ordinal))
        }
        expect([[...tries.keys()], [...tries.values()], tries.size]).toEqual([
          [...map.keys()],
          [...map.values()],
          map.size,
        ])
      }),
    )
  })
})
