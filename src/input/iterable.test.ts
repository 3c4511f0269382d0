import { describe, expect, it } from 'vitest'
import { brief, collectRows } from '../../test/support/input-rows.ts'
import { readIterable } from './iterable.ts'

describe('readIterable', () => {
  it('reads arrays, sets and generators of both kinds', async () => {
    async function* generator(): AsyncIterable<unknown> {
      yield { a: 1 }
      yield { a: 2 }
    }
    const expected = [
      [1, { a: 1 }],
      [2, { a: 2 }],
    ]
    for (const rows of [[{ a: 1 }, { a: 2 }], new Set([{ a: 1 }, { a: 2 }]), generator()]) {
      expect((await collectRows(readIterable(rows))).map(brief)).toEqual(expected)
    }
  })

  it('gives the prompt function the user’s own object, and freezes its JSON', async () => {
    const value = { when: new Date('2026-11-22T00:00:00Z'), none: undefined }
    const [row] = await collectRows(readIterable([value]))
    expect(row).toMatchObject({ row: { json: '{"when":"2026-11-22T00:00:00.000Z"}' } })
    expect(row && 'row' in row && row.row.record).toBe(value)
  })

  const circle: Record<string, unknown> = {}
  circle['self'] = circle

  it.each<[name: string, value: unknown, code: string]>([
    ['text', 'x', 'not_an_object'],
    ['a number', 7, 'not_an_object'],
    ['null', null, 'not_an_object'],
    ['an array', [{}], 'not_an_object'],
    ['nothing', undefined, 'not_an_object'],
    ['a date', new Date(), 'not_an_object'],
    ['an object without JSON', { toJSON: () => undefined }, 'not_an_object'],
    ['a big integer inside', { a: 1n }, 'invalid_json'],
    ['a circle', circle, 'invalid_json'],
  ])('finds %s to be no row and reads on', async (_name, value, code) => {
    expect((await collectRows(readIterable([value, {}]))).map(brief)).toEqual([
      [1, code],
      [2, {}],
    ])
  })

  it('hands rows on in lists of bounded length and size', async () => {
    const lengths = async (rows: Iterable<unknown>): Promise<number[]> => {
      const found: number[] = []
      for await (const list of readIterable(rows)) found.push(list.length)
      return found
    }
    expect(await lengths(Array.from({ length: 2_500 }, () => ({})))).toEqual([1_000, 1_000, 500])
    expect(await lengths(Array.from({ length: 3 }, () => ({ a: 'x'.repeat(600_000) })))).toEqual([2, 1])
    expect(await lengths([])).toEqual([])
  })
})
