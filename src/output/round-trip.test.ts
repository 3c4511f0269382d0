import * as fc from 'fast-check'
import { parse } from 'papaparse'
import { describe, expect, it } from 'vitest'
import { samplePlan, sampleResult, sampleRow, untyped } from '../../test/support/row-outcomes.ts'
import { systemDisk } from '../lib/disk.ts'
import type { OutputFormat } from '../model/run.ts'
import { USUAL_COLUMNS } from './columns.ts'
import { writeAnswers } from './write-answers.ts'

/** A cell's text and the answer of a row: all of Unicode but lone surrogates, and often what CSV is broken by. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', '\t', ';', "'", '\\', '\u2028', '\ufeff', '=', 'a') }),
)

const columnName = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '0', ''))

const table = fc.uniqueArray(columnName, { maxLength: 5 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(
      fc.record({ cells: fc.array(text, { minLength: columns.length, maxLength: columns.length }), output: text }),
      { maxLength: 5 },
    ),
  }),
)

type Table = typeof table extends fc.Arbitrary<infer Value> ? Value : never

async function written({ columns, rows }: Table, format: OutputFormat): Promise<string> {
  let result = ''
  async function* outcomes() {
    yield rows.map(({ cells, output }, ordinal) => {
      const members = columns.map((column, at) => `${JSON.stringify(column)}:${JSON.stringify(cells[at])}`)
      return sampleRow(ordinal, { json: `{${members.join(',')}}`, result: sampleResult({ output }) })
    })
  }
  await writeAnswers({
    rows: outcomes(),
    columns: untyped(...columns),
    plan: samplePlan('-', { format }),
    costOf: () => null,
    disk: systemDisk,
    sink: {
      async write(piece) {
        result += piece
      },
    },
  })
  return result
}

describe('any table of strings', () => {
  it('survives CSV', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (given) => {
        const { data, errors } = parse<string[]>(await written(given, 'csv'), { delimiter: ',', newline: '\n' })
        expect(errors).toEqual([])
        const [header, ...records] = data
        expect(header).toEqual([...given.columns, ...USUAL_COLUMNS.map((column) => `llm_${column}`)])
        // The file ends in a line feed, which this reader takes for one more, empty record.
        expect(records.pop()).toEqual([''])
        const width = given.columns.length + 1
        expect(records.map((cells) => cells.slice(0, width))).toEqual(
          given.rows.map(({ cells, output }) => [...cells, output]),
        )
      }),
    )
  })

  it('survives JSON lines, one line for each row', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (given) => {
        const lines = (await written(given, 'jsonl')).split('\n')
        expect(lines.pop()).toBe('')
        const entries = lines.map((line) => Object.entries(JSON.parse(line) as object))
        for (const [at, { cells, output }] of given.rows.entries()) {
          const found = new Map<string, unknown>(entries[at])
          expect(given.columns.map((column) => found.get(column))).toEqual(cells)
          expect(found.get('llm_output')).toBe(output)
        }
        expect(entries.length).toBe(given.rows.length)
      }),
    )
  })
})
