import { describe, expect, it } from 'vitest'
import { sampleResult, sampleRow } from '../../test/support/row-outcomes.ts'
import type { SettledResult } from '../model/row.ts'
import { type ComparisonRules, comparableOf, goldKey } from './comparable.ts'
import { Comparing, type Comparison } from './compare.ts'
import { rowLooker } from './row-view.ts'

const look = rowLooker(() => 0.5)

const EXACT: ComparisonRules = { ignoresCase: false, field: null }

const refused = sampleResult({ status: 'refused', output: 'No.', code: 'refusal' })

const DEEP = '['.repeat(50_000) + ']'.repeat(50_000)

type Told = string | SettledResult | null

/** Compares rows of answers, or of other results; null is a row without one. */
function compare(
  rows: readonly (readonly Told[])[],
  { gold, ...rules }: Partial<ComparisonRules> & { readonly gold?: readonly string[] } = {},
): Comparison {
  const asked = { ...EXACT, ...rules }
  const comparing = new Comparing(rows[0]?.length ?? 0, gold !== undefined)
  for (const [ordinal, results] of rows.entries()) {
    const looked = results.map((told) => {
      return look(sampleRow(ordinal, { result: typeof told === 'string' ? sampleResult({ output: told }) : told }))
    })
    const text = gold?.[ordinal] ?? ''
    comparing.add({
      rows: looked,
      answers: looked.map((row) => comparableOf(row, asked)),
      gold: text === '' ? null : { text, key: goldKey(text, asked) },
    })
  }
  return comparing.result()
}

function agreement(first: string, second: string, rules: Partial<ComparisonRules> = {}): number | undefined {
  return compare([[first, second]], rules).pairs[0]?.same
}

describe('two answers', () => {
  it.each<[string, string, string, Partial<ComparisonRules>, number]>([
    ['are equal after trimming', ' billing\n', 'billing', {}, 1],
    ['differ by case', 'Billing', 'billing', {}, 0],
    ['are equal where case does not count', 'Billing', 'billing', { ignoresCase: true }, 1],
    ['are equal JSON in any order and spacing', '{"a":1,"b":[" x"]}', '{ "b": ["x"], "a": 1.0 }', {}, 1],
    ['are different JSON', '{"a":1}', '{"a":"1"}', {}, 0],
    ['are equal in one part', '{"a":1,"b":2}', '{"a":1,"b":3}', { field: ['a'] }, 1],
    ['differ where only one has the part', '{"a":1}', 'text', { field: ['a'] }, 0],
    ['are JSON and text', '{"a":1}', 'a', {}, 0],
    ['nest deeper than functions can follow', DEEP, ` ${DEEP}`, {}, 1],
  ])('%s', (_, first, second, rules, same) => {
    expect(agreement(first, second, rules)).toBe(same)
  })
})

describe('a comparison', () => {
  it('counts agreement among rows that both answered, and every other row by its statuses', () => {
    const { different, pairs, pending, rows, runs } = compare([
      ['a', 'a'],
      ['a', 'b'],
      ['a', 'b'],
      ['a', refused],
      [refused, refused],
      ['a', null],
    ])
    expect({ rows, pending, different }).toEqual({ rows: 6, pending: 1, different: 3 })
    expect(pairs[0]).toMatchObject({ answered: 3, same: 1 })
    expect(pairs[0]?.statuses).toEqual([
      { first: 'succeeded', second: 'succeeded', rows: 3 },
      { first: 'succeeded', second: 'refused', rows: 1 },
      { first: 'refused', second: 'refused', rows: 1 },
      { first: 'succeeded', second: 'pending', rows: 1 },
    ])
    expect(pairs[0]?.changes).toEqual([{ field: null, first: 'a', second: 'b', rows: 2, example: '2' }])
    expect(runs.map(({ answered, cost }) => [answered, cost.usd])).toEqual([
      [5, 3],
      [3, 2.5],
    ])
  })

  it('compares JSON answers part by part', () => {
    const { pairs } = compare([
      ['{"label":"a","score":1}', '{"label":"a","score":2}'],
      ['{"label":"a","score":1}', '{"label":"b"}'],
    ])
    expect(pairs[0]).toMatchObject({
      answered: 2,
      same: 0,
      fields: [
        { field: 'label', answered: 2, same: 1 },
        { field: 'score', answered: 2, same: 0 },
      ],
    })
    expect(pairs[0]?.changes.map(({ field, first, second }) => [field, first, second])).toEqual([
      ['score', '1', '2'],
      ['label', 'a', 'b'],
      ['score', '1', ''],
    ])
  })

  it('keeps a thousand pairs of answers, and counts longer and later ones together', () => {
    const rows = Array.from({ length: 1_500 }, (_, index): Told[] => [`a${index}`, `b${index}`])
    const { pairs } = compare([...rows, ['x'.repeat(101), 'y']])
    expect(pairs[0]?.changes).toHaveLength(1_000)
    expect(pairs[0]?.otherChanges).toBe(501)
  })

  it('compares every two of several runs', () => {
    const { pairs } = compare([
      ['a', 'a', 'b'],
      ['a', 'b', 'b'],
    ])
    expect(pairs.map(({ first, same, second }) => [first, second, same])).toEqual([
      [0, 1, 1],
      [0, 2, 0],
      [1, 2, 1],
    ])
  })
})

describe('accuracy', () => {
  const gold = ['a', 'a', 'b', 'b', '', 'b']

  it('counts rows with a right answer; one without a usable answer is not right, one without a result does not count', () => {
    const { accuracy } = compare(
      [
        ['a', 'a'],
        ['a', 'b'],
        ['a', 'b'],
        [sampleResult({ status: 'truncated', output: 'b' }), 'b'],
        ['z', 'z'],
        ['b', null],
      ],
      { gold },
    )
    expect(accuracy?.rows).toBe(4)
    expect(accuracy?.runs.map(({ part }) => part)).toEqual([2, 3])
    expect(accuracy?.duels).toEqual([{ first: 0, second: 1, onlyFirst: 1, onlySecond: 2, p: 1 }])
    expect(accuracy?.labels).toEqual([
      { gold: 'a', rows: 2, right: [2, 1] },
      { gold: 'b', rows: 2, right: [0, 2] },
    ])
  })

  it('looks at one part of JSON answers, and takes numbers in a text column for numbers', () => {
    const rows = [['{"n":5}', '{"n":6}']]
    expect(compare(rows, { gold: ['5'], field: ['n'] }).accuracy?.runs.map(({ part }) => part)).toEqual([1, 0])
  })
})
