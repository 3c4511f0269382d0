import { describe, expect, it } from 'vitest'
import { DigestQueues } from './digest-queues.ts'

const identity = (text: string): string => text.padEnd(16, '.')

describe('numbers in queues by digest', () => {
  it('gives each number away as often as it was added, in order, and then no more', () => {
    const index = new DigestQueues()
    index.add(identity('a'), 3, 1)
    index.add(identity('b'), 4, 2)
    index.add(identity('a'), 7, 1)
    index.add(identity('a'), 9, 1)
    const taken = ['a', 'a', 'b', 'a', 'a', 'b', 'b', 'c'].map((name) => index.take(identity(name)))
    expect(taken).toEqual([3, 7, 4, 9, undefined, 4, undefined, undefined])
  })

  it('holds many numbers for one digest', () => {
    const index = new DigestQueues()
    for (let ordinal = 0; ordinal < 50_000; ordinal += 1) index.add(identity('same'), ordinal, 1)
    const taken = Array.from({ length: 50_000 }, () => index.take(identity('same')))
    expect(taken.every((ordinal, at) => ordinal === at)).toBe(true)
    expect(index.take(identity('same'))).toBeUndefined()
  })
})
