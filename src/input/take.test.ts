import { describe, expect, it } from 'vitest'
import { collectRows } from '../../test/support/input-rows.ts'
import type { ReadRow } from '../model/row.ts'
import { limitRows, sampleRows } from './take.ts'

describe('limitRows', () => {
  it.each([
    [0, 0],
    [1, 1],
    [3, 3],
    [4, 4],
    [100, 10],
  ])('of %i gives %i of ten rows', async (limit, count) => {
    expect(await numbers(limitRows(lists(10), limit))).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  })

  it('closes the input without reading on', async () => {
    let read = 0
    let isClosed = false
    async function* endless(): AsyncIterable<readonly ReadRow[]> {
      try {
        for (;;) yield [rowOf((read += 1))]
      } finally {
        isClosed = true
      }
    }
    expect(await numbers(limitRows(endless(), 2))).toEqual([1, 2])
    expect([read, isClosed]).toEqual([2, true])
  })
})

describe('sampleRows', () => {
  it('gives the same rows for the same seed, in input order, none twice', async () => {
    const one = await numbers(sampleRows(lists(1_000), 50, 1))
    expect(one).toHaveLength(50)
    expect(new Set(one).size).toBe(50)
    expect([...one].sort((a, b) => a - b)).toEqual(one)
    expect(await numbers(sampleRows(lists(1_000), 50, 1))).toEqual(one)
    expect(await numbers(sampleRows(lists(1_000), 50, 2))).not.toEqual(one)
  })

  it.each([
    [0, 0],
    [10, 10],
    [20, 10],
  ])('of %i gives %i of ten rows', async (count, found) => {
    expect(await numbers(sampleRows(lists(10), count, 1))).toHaveLength(found)
  })

  it('draws from all parts of the input alike', async () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let seed = 0; seed < 200; seed += 1) {
      for (const number of await numbers(sampleRows(lists(100), 10, seed))) {
        const tenth = Math.floor((number - 1) / 10)
        tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1
      }
    }
    for (const count of tenths) expect(Math.abs(count - 200)).toBeLessThan(60)
  })
})

async function* lists(count: number): AsyncIterable<readonly ReadRow[]> {
  for (let number = 1; number <= count; number += 3) {
    yield [0, 1, 2].filter((step) => number + step <= count).map((step) => rowOf(number + step))
  }
}

function rowOf(number: number): ReadRow {
  return { row: { line: number, json: '{}', record: {} } }
}

async function numbers(rows: AsyncIterable<readonly ReadRow[]>): Promise<number[]> {
  return (await collectRows(rows)).map((read) => ('row' in read ? read.row.line : Number.NaN))
}
