import { describe, expect, it } from 'vitest'
import { prefetch } from './prefetch.ts'

async function* counting(log: string[], last: number, failAt = -1): AsyncIterable<number> {
  try {
    for (let number = 1; number <= last; number += 1) {
      if (number === failAt) throw new Error(`no ${number}`)
      log.push(`made ${number}`)
      yield number
    }
  } finally {
    log.push('closed')
  }
}

describe('one ahead', () => {
  it('gives the same items, each made while the one before is worked on', async () => {
    const log: string[] = []
    for await (const number of prefetch(counting(log, 3))) {
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`took ${number}`)
    }
    expect(log).toEqual(['made 1', 'made 2', 'took 1', 'made 3', 'took 2', 'closed', 'took 3'])
  })

  it('throws what the source throws, after the items before it', async () => {
    const taken: number[] = []
    const reading = async () => {
      for await (const number of prefetch(counting([], 5, 3))) taken.push(number)
    }
    await expect(reading()).rejects.toThrow('no 3')
    expect(taken).toEqual([1, 2])
  })

  it('closes the source where the reader stops early', async () => {
    const log: string[] = []
    for await (const number of prefetch(counting(log, 5, 2))) if (number === 1) break
    expect(log).toEqual(['made 1', 'closed'])
  })
})
