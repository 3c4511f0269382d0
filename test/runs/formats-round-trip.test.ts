import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openInput } from '../../src/input/open.ts'
import { systemDisk as disk } from '../../src/lib/disk.ts'
import type { Column } from '../../src/model/column.ts'
import type { OutputFormat } from '../../src/model/run.ts'
import { writeAnswers } from '../../src/output/write-answers.ts'
import { type Judge, openJudge, sqlName } from '../support/duckdb.ts'
import { collectRows } from '../support/input-rows.ts'
import { samplePlan, sampleResult, sampleRow, untyped } from '../support/row-outcomes.ts'

let folder: string
let judge: Judge
let fileCount = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-formats-'))
  judge = await openJudge()
})

afterAll(async () => {
  judge.close()
  await rm(folder, { recursive: true })
})

/** Texts of all of Unicode but halves of surrogate pairs, and often what formats are broken by. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('"', ',', '\n', '\r', ' ', '\t', ';', "'", '\\', '\u2028', '\ufeff', '=', '\u0000', '{'),
  }),
)

const name = fc.oneof(
  text,
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'length',
    '0',
    '10',
    '2',
    '',
    'a.b',
    'list',
    'element',
    'key',
    'value',
  ),
)

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.constantFrom(0, -0, 0.1, 1e300, 2 ** 53 - 1),
)

/** Values of one type, and values of any. */
const column = fc.oneof(
  fc.constant(fc.option(text)),
  fc.constant(fc.option(fc.integer())),
  fc.constant(fc.option(number)),
  fc.constant(fc.option(fc.boolean())),
  fc.constant(fc.option(fc.array(fc.option(text), { maxLength: 3 }))),
  fc.constant(fc.option(fc.array(fc.array(number, { maxLength: 2 }), { maxLength: 2 }))),
  fc.constant(fc.option(fc.dictionary(name, fc.option(fc.oneof(text, fc.integer())), { maxKeys: 3 }))),
  fc.constant(
    fc.option(
      fc.record({
        a: fc.option(text),
        b: fc.record({ c: fc.array(fc.record({ d: fc.integer() }), { maxLength: 2 }) }),
      }),
    ),
  ),
  fc.constant(fc.jsonValue({ maxDepth: 2 })),
)

interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

function tableOf(columnName: fc.Arbitrary<string>): fc.Arbitrary<Table> {
  return fc
    .uniqueArray(columnName, { minLength: 1, maxLength: 5 })
    .chain((columns) =>
      fc.tuple(fc.constant(columns), fc.array(column, { minLength: columns.length, maxLength: columns.length })),
    )
    .chain(([columns, cells]) => {
      const rows = fc.array(fc.tuple(...cells) as fc.Arbitrary<unknown[]>, { minLength: 1, maxLength: 6 })
      return fc.record({ columns: fc.constant(columns), rows })
    })
}

function jsonOf({ columns }: Table, cells: readonly unknown[]): string {
  return `{${columns.map((each, at) => `${JSON.stringify(each)}:${jsonText(cells[at])}`).join(',')}}`
}

/** JSON with the sign of zero, which `JSON.stringify` drops. */
function jsonText(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`)
    .join(',')}}`
}

/** Writes rows as an answers file of this format and reads it back as an input. */
async function throughFile(
  texts: readonly string[],
  columns: readonly Column[],
  format: Exclude<OutputFormat, 'provider'>,
): Promise<{ readonly texts: readonly string[]; readonly columns: readonly Column[]; readonly path: string }> {
  // A name of its own: the judge may remember what a file held that had the same name, size and age.
  fileCount += 1
  const path = join(folder, `table-${fileCount}.${format}`)
  async function* outcomes() {
    yield texts.map((json, ordinal) =>
      sampleRow(ordinal, { json, result: sampleResult({ output: `answer ${ordinal}` }) }),
    )
  }
  await writeAnswers({
    rows: outcomes(),
    columns,
    texts: async function* () {
      yield texts
    },
    plan: samplePlan(path, {
      format,
      prefix: '\u0001',
      columns: format === 'jsonl' || format === 'json' ? null : [...columns.map((each) => each.name), '\u0001output'],
    }),
    costOf: () => null,
    disk,
  })
  const rows = await collectRows(
    openInput({ source: { path }, disk, delimiter: format === 'csv' ? ',' : undefined, encoding: 'utf-8' }),
  )
  const read = rows.map((row) => {
    if ('problem' in row) throw new Error(JSON.stringify(row.problem))
    return row.row
  })
  return { texts: read.map(({ json }) => json), columns: read[0]?.columns ?? columns, path }
}

/** A value as Parquet holds it: what is absent from an object is null in it. */
function withoutNulls(value: unknown): unknown {
  // In structs a zero below zero may become zero.
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined)
  const known = members.map(([key, member]) => [key, withoutNulls(member)] as const)
  return new Map(known.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** The row without the column that the first file has added. */
function withoutAnswer(json: string): string {
  return `${json.slice(0, json.lastIndexOf(',"\\u0001output":'))}}`
}

function cellsOf(texts: readonly string[], columns: readonly string[]): unknown[][] {
  return texts.map((json) => {
    const members = new Map(Object.entries(JSON.parse(json) as object))
    return columns.map((each) => members.get(each))
  })
}

describe('any table of texts, numbers, truths, nulls and nested values, whatever its columns are called', () => {
  it.each(['jsonl', 'json'] as const)('survives %s and back, byte for byte', async (format) => {
    await fc.assert(
      fc.asyncProperty(tableOf(name), async (table) => {
        const given = table.rows.map((cells) => jsonOf(table, cells))
        const { texts } = await throughFile(given, untyped(...table.columns), format)
        expect(texts.map(withoutAnswer)).toEqual(given)
      }),
    )
  })

  it('survives Parquet and back, and the types that were found survive the next time', async () => {
    // The library drops a byte order mark at the beginning of a name.
    const unmarked = name.filter((each) => !each.startsWith('\ufeff'))
    await fc.assert(
      fc.asyncProperty(tableOf(unmarked), async (table) => {
        const given = table.rows.map((cells) => jsonOf(table, cells))
        const first = await throughFile(given, untyped(...table.columns), 'parquet')
        const expected = cellsOf(given, table.columns).map((cells) => cells.map(withoutNulls))
        expect(cellsOf(first.texts, table.columns).map((cells) => cells.map(withoutNulls))).toEqual(expected)
        const kept = first.columns.filter((each) => each.name !== '\u0001output')
        const second = await throughFile(first.texts.map(withoutAnswer), kept, 'parquet')
        expect(second.columns).toEqual(first.columns)
        expect(second.texts).toEqual(first.texts)
        const columns = await judge.rows(`describe select * from '${second.path}'`)
        expect(columns.map((each) => each['column_name'])).toHaveLength(table.columns.length + 1)
        const [counted] = await judge.rows(
          `select count(*) as n, count(${sqlName('\u0001output')}) as m from '${second.path}'`,
        )
        expect(counted).toEqual({ n: String(given.length), m: String(given.length) })
      }),
    )
  })

  it.each(['csv', 'tsv'] as const)('survives %s and back as text, nested values as their JSON', async (format) => {
    // A name of nothing but space is refused in a header, and zero characters are what UTF-16 is known by.
    const printable = name.filter((each) => each.trim() !== '' && !each.includes('\u0000'))
    await fc.assert(
      fc.asyncProperty(tableOf(printable), async (table) => {
        const given = table.rows.map((cells) => jsonOf(table, cells))
        const { texts } = await throughFile(given, untyped(...table.columns), format)
        const expected = table.rows.map((cells) =>
          cells.map((cell) => (cell === null ? '' : typeof cell === 'string' ? cell : jsonText(cell))),
        )
        expect(cellsOf(texts, table.columns)).toEqual(expected)
      }),
    )
  })
})

describe('texts with tabs, line breaks, quotes and delimiters', () => {
  const TEXTS = ['a\tb', 'a\nb', 'a\r\nb', ' a ', '\t', 'say "hi"', 'a,b;c|d', '[{"a":1}]', 'é\u2028']
  const given = TEXTS.map((each, at) => `{"nr":${at},"text":${JSON.stringify(each)},"big":12345678901234567890}`)

  it.each([
    ['tsv', `read_csv(?, header = true, all_varchar = true, delim = '\t', quote = '"')`],
    ['csv', `read_csv(?, header = true, all_varchar = true, delim = ',', quote = '"')`],
    ['json', `read_json(?, format = 'array', columns = {nr: 'VARCHAR', text: 'VARCHAR', big: 'VARCHAR'})`],
  ] as const)('are read from %s by another reader as they were', async (format, from) => {
    const { path } = await throughFile(given, untyped('nr', 'text', 'big'), format)
    const rows = await judge.rows(`select nr, text, big from ${from.replace('?', () => `'${path}'`)}`)
    expect(rows).toEqual(TEXTS.map((each, at) => ({ nr: String(at), text: each, big: '12345678901234567890' })))
  })
})
