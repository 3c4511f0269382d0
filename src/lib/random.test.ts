import { describe, expect, it } from 'vitest'
import { seededFraction, systemRandom } from './random.ts'

describe('seededFraction', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const draw = (seed: number): number[] => Array.from({ length: 5 }, seededFraction(seed))
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('spreads evenly over 0 to 1', () => {
    const fraction = seededFraction(1)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let draw = 0; draw < 10_000; draw += 1) {
      const bin = Math.floor(fraction() * 10)
      counts[bin] = (counts[bin] ?? Number.NaN) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})

describe('systemRandom', () => {
  it('gives as many bytes as asked for', () => {
    expect(systemRandom.bytes(16)).toHaveLength(16)
  })
})
