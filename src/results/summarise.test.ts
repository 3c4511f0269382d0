import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inPairs, sampleResult, sampleRow } from '../../test/support/row-outcomes.ts'
import { OUTCOME_STATUSES } from '../model/outcome.ts'
import type { RowOutcome } from '../model/row.ts'
import type { CostOf } from '../output/answer.ts'
import { rowLooker } from './row-view.ts'
import { EVERY_ROW, type Selection, selectRows } from './selection.ts'
import { type RowSummary, RowSumming } from './summarise.ts'
import { areLabels } from './value-counts.ts'

function summarise(rows: readonly RowOutcome[], costOf: CostOf = () => 0.25): RowSummary {
  const summing = new RowSumming()
  const look = rowLooker(costOf)
  for (const row of rows) summing.add(look(row))
  return summing.result()
}

function answers(outputs: readonly string[]): readonly RowOutcome[] {
  return outputs.map((output, ordinal) => sampleRow(ordinal, { result: sampleResult({ output }) }))
}

const anyResult = fc.option(
  fc
    .record({
      status: fc.constantFrom(...OUTCOME_STATUSES),
      code: fc.option(fc.constantFrom('a', 'b')),
      reason: fc.option(fc.string({ maxLength: 3 })),
      output: fc.option(
        fc.oneof(fc.constantFrom('x', 'y', ' x'), fc.json(), fc.string({ minLength: 98, maxLength: 102 })),
      ),
    })
    .map((outcome) => sampleResult(outcome)),
)

describe('a summary', () => {
  it('counts every row exactly once, by its status, its cause or its answer', () => {
    fc.assert(
      fc.property(fc.array(anyResult, { maxLength: 60 }), (results) => {
        const summary = summarise(results.map((result, ordinal) => sampleRow(ordinal, { result })))
        const { succeeded = 0, pending = 0, ...others } = summary.statuses
        const failed = sum(Object.values(others))
        expect(succeeded + pending + failed).toBe(results.length)
        expect(summary.rows).toBe(results.length)
        expect(sum(summary.causes.list.map(({ count }) => count)) + summary.causes.other).toBe(failed)
        const { labels } = summary
        expect(sum(labels.values.map(({ count }) => count)) + labels.long + labels.other).toBe(labels.total)
        expect(labels.total).toBeLessThanOrEqual(succeeded)
      }),
    )
  })

  it('tells errors apart by status, code and reason, with a row for each', () => {
    const failed = (id: string, code: string, reason: string | null): RowOutcome =>
      sampleRow(0, { id, result: sampleResult({ status: 'failed', code, reason, output: null }) })
    const skipped = sampleRow(3, { problem: { code: 'missing_column', line: 4, detail: 'no column text' } })
    const { causes } = summarise([
      failed('a', '429', 'slow'),
      failed('b', '429', 'slow'),
      failed('c', '400', null),
      skipped,
    ])
    expect(causes.list).toEqual([
      { status: 'failed', error: '429: slow', count: 2, example: 'a' },
      { status: 'failed', error: '400', count: 1, example: 'c' },
      { status: 'failed', error: 'missing_column: no column text', count: 1, example: '4' },
    ])
  })

  it('counts labels, and says of texts that they are none', () => {
    const labels = summarise(answers(['billing', ' billing\n', 'sales', 'billing'])).labels
    expect(labels.values).toEqual([
      { value: 'billing', count: 3, example: '1' },
      { value: 'sales', count: 1, example: '3' },
    ])
    expect(areLabels(labels)).toBe(true)
    expect(areLabels(summarise(answers(['one', 'two', 'three'])).labels)).toBe(false)
  })

  it('keeps a thousand different values, their counts exact, and counts the rest together', () => {
    const outputs = Array.from({ length: 3_000 }, (_, index) => `value ${index % 1_500}`)
    const { labels } = summarise(answers([...outputs, 'x'.repeat(101)]))
    expect(labels.values).toHaveLength(1_000)
    expect(labels.values.every(({ count }) => count === 2)).toBe(true)
    expect(labels).toMatchObject({ total: 3_001, other: 1_000, long: 1 })
    expect(areLabels(labels)).toBe(false)
  })

  it('looks into answers that are JSON', () => {
    const { fields, labels } = summarise(
      answers([
        '{"label":"a","score":0.5,"at":{"city":"Bonn"},"tags":["x","y","x"],"vector":[1,2,3]}',
        '{"label":"a","score":1.5,"at":{"city":"Rome"},"tags":[],"vector":[4,5,6]}',
        'not { json',
      ]),
    )
    expect(labels.total).toBe(1)
    const counts = fields.map(({ path, answers: count, values }) => [
      path,
      count,
      values.values.map(({ value }) => value),
    ])
    expect(counts).toEqual([
      ['label', 2, ['a']],
      ['score', 2, ['0.5', '1.5']],
      ['at.city', 2, ['Bonn', 'Rome']],
      ['tags[]', 1, ['x', 'y']],
      ['vector', 2, ['list of 3']],
      ['tags', 1, ['list of 0']],
    ])
    expect(fields[1]?.numbers).toEqual({ count: 2, least: 0.5, most: 1.5, mean: 1 })
  })

  it('survives answers made to hurt: deep nesting, many parts, names of JavaScript', () => {
    const deep = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index])))
    const { fields, hasMoreFields } = summarise(answers([deep, wide, '{"__proto__":"x","constructor":{"name":"y"}}']))
    expect(hasMoreFields).toBe(true)
    expect(fields).toHaveLength(100)
  })

  it('adds up tokens and cost, and says of how many rows they are not known', () => {
    const rows = [
      sampleRow(0, { result: sampleResult({}) }),
      sampleRow(1, { result: sampleResult({ usage: null }) }),
      sampleRow(2, { result: sampleResult({ status: 'failed', billed: 'no', usage: null }) }),
      sampleRow(3),
    ]
    const { cost, tokens } = summarise(rows, ({ outcome }) => (outcome.usage === null ? null : 0.5))
    expect(tokens).toEqual({ prompt: 12, completion: 3, unknown: 1 })
    expect(cost).toEqual({ usd: 0.5, unknown: 1 })
  })
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

describe('a selection', () => {
  const rows = answers(Array.from({ length: 20 }, (_, index) => `answer ${index}`))

  async function chosen(parts: Partial<Selection>): Promise<readonly number[]> {
    const ordinals: number[] = []
    const look = rowLooker(() => null)
    for await (const list of selectRows(inPairs(rows), look, { ...EVERY_ROW, ...parts })) {
      ordinals.push(...list.map(({ row }) => row.ordinal))
    }
    return ordinals
  }

  it('takes the first rows and reads no further', async () => {
    expect(await chosen({ limit: 3 })).toEqual([0, 1, 2])
    expect(await chosen({ limit: 100 })).toHaveLength(20)
  })

  it('draws the same rows for the same seed, in their order', async () => {
    const drawn = await chosen({ sample: { count: 5, seed: 3 } })
    expect(drawn).toHaveLength(5)
    expect(drawn).toEqual([...drawn].sort((one, other) => one - other))
    expect(await chosen({ sample: { count: 5, seed: 3 } })).toEqual(drawn)
    expect(await chosen({ sample: { count: 5, seed: 4 } })).not.toEqual(drawn)
  })
})
