import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../model/column.ts'
import { TypeFinder } from './infer-types.ts'

const TEXT: ColumnType = { kind: 'string' }
const WHOLE: ColumnType = { kind: 'integer', bits: 64, isSigned: true }
const NUMBER: ColumnType = { kind: 'double' }
const ANY: ColumnType = { kind: 'json' }

function typeOf(...values: readonly unknown[]): ColumnType {
  const finder = new TypeFinder()
  for (const value of values) finder.add(value)
  return finder.type()
}

describe('the type of a column of JSON', () => {
  it.each<[name: string, values: readonly unknown[], type: ColumnType]>([
    ['text for nothing at all', [], TEXT],
    ['text for nothing but null', [null, undefined], TEXT],
    ['text', [null, 'a'], TEXT],
    ['truth', [true, null, false], { kind: 'boolean' }],
    ['whole numbers', [1, -2, 3.0], WHOLE],
    ['numbers where one is not whole', [1, 2.5], NUMBER],
    ['numbers where one is a zero below zero', [1, -0], NUMBER],
    ['numbers, whichever comes first', [2.5, 1], NUMBER],
    ['whole numbers beyond doubles', [2 ** 60, 1], WHOLE],
    ['anything, where doubles would lose digits', [2 ** 60, 0.5], ANY],
    ['anything, where doubles would lose digits, whichever comes first', [0.5, 2 ** 60], ANY],
    ['anything, where 64 bits are too few', [1, 2 ** 64], ANY],
    ['anything, where types meet', [1, 'a'], ANY],
    ['anything, where a list meets an object', [[1], { a: 1 }], ANY],
    ['lists', [[1], [], null, [2, null]], { kind: 'list', element: WHOLE }],
    ['lists of nothing', [[]], { kind: 'list', element: TEXT }],
    ['lists of lists', [[[0.5]], [[1]]], { kind: 'list', element: { kind: 'list', element: NUMBER } }],
    ['lists of anything', [[1, 'a']], { kind: 'list', element: ANY }],
    [
      'objects with every member that was seen',
      [{ a: 1 }, { b: 'x', a: null }],
      {
        kind: 'struct',
        fields: [
          { name: 'a', type: WHOLE },
          { name: 'b', type: TEXT },
        ],
      },
    ],
    [
      'a member called like a part of every object',
      [JSON.parse('{"__proto__":1}')],
      { kind: 'struct', fields: [{ name: '__proto__', type: WHOLE }] },
    ],
    ['anything for objects without members, which Parquet has not', [{}], ANY],
    ['anything for a member whose name readers would not keep', [{ '\ufeffa': 1 }], ANY],
    [
      'anything for objects whose keys are data',
      Array.from({ length: 300 }, (_, index) => ({ [`key${index}`]: 1 })),
      ANY,
    ],
  ])('is %s', (_name, values, type) => {
    expect(typeOf(...values)).toEqual(type)
  })

  it('has an end, however deep its values are nested', () => {
    const deep = JSON.parse(`${'[{"a":'.repeat(500)}1${'}]'.repeat(500)}`)
    expect(JSON.stringify(typeOf(deep)).length).toBeLessThan(1_000)
  })
})
