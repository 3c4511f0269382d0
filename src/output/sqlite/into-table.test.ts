import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inPairs, samplePlan, sampleResult, sampleRow, untyped } from '../../../test/support/row-outcomes.ts'
import { systemDisk } from '../../lib/disk.ts'
import type { Column, ColumnType } from '../../model/column.ts'
import type { RowOutcome } from '../../model/row.ts'
import type { OutputPlan } from '../../model/run.ts'
import { type WriteAnswersOptions, writeAnswers } from '../write-answers.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-sqlite-'))
  path = join(folder, 'out.db')
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

function write(
  rows: readonly RowOutcome[],
  parts: Partial<Omit<WriteAnswersOptions, 'plan'>> & { readonly plan?: Partial<OutputPlan> } = {},
) {
  return writeAnswers({
    rows: inPairs(rows),
    columns: untyped('text'),
    texts: async function* () {
      yield rows.map(({ json }) => json)
    },
    costOf: () => 0.25,
    disk: systemDisk,
    ...parts,
    plan: samplePlan(path, { format: 'sqlite', ...parts.plan }),
  })
}

/** The rows of a query, whole numbers as bigints. */
function query(sql: string): readonly Readonly<Record<string, unknown>>[] {
  const database = new DatabaseSync(path, { readBigInts: true })
  try {
    return database.prepare(sql).all() as Readonly<Record<string, unknown>>[]
  } finally {
    database.close()
  }
}

function run(sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

const typed = (name: string, type: ColumnType): Column => ({ name, type })

describe('a table of answers', () => {
  it('has numbers as numbers, JSON as text, and null where nothing is known', async () => {
    const row = { json: '{"text":"a","n":3,"x":0.5,"is":true,"tags":["p",{"q":1}]}', result: sampleResult({}) }
    const columns = untyped('text', 'n', 'x', 'is', 'tags')
    await write([sampleRow(0, row), sampleRow(1, { json: '{"text":null,"n":-4}' })], { columns })
    expect(query('select sql from sqlite_schema')).toEqual([
      {
        sql:
          'CREATE TABLE "answers" ("text" TEXT, "n" INTEGER, "x" REAL, "is" BOOLEAN, "tags" TEXT, "llm_output" TEXT, ' +
          '"llm_status" TEXT, "llm_error" TEXT, "llm_finish_reason" TEXT, "llm_prompt_tokens" INTEGER, ' +
          '"llm_completion_tokens" INTEGER, "llm_cost_usd" REAL, "llm_model" TEXT, "llm_id" TEXT, "llm_attempt" INTEGER)',
      },
    ])
    const [first, second] = query('select * from answers')
    expect(first).toEqual({
      text: 'a',
      n: 3n,
      x: 0.5,
      is: 1n,
      tags: '["p",{"q":1}]',
      llm_output: 'fine',
      llm_status: 'succeeded',
      llm_error: null,
      llm_finish_reason: 'stop',
      llm_prompt_tokens: 12n,
      llm_completion_tokens: 3n,
      llm_cost_usd: 0.25,
      llm_model: 'gpt-6.1-terra-2026-08-07',
      llm_id: '1',
      llm_attempt: 1n,
    })
    expect(second).toMatchObject({ text: null, n: -4n, x: null, llm_output: null, llm_status: 'pending' })
  })

  it('keeps every digit: of whole numbers of 64 bits, of longer ones, of decimals, and of very small numbers', async () => {
    const values = [
      ['9223372036854775807', 'integer'],
      ['-9223372036854775808', 'integer'],
      ['9223372036854775808', 'text'],
      ['12345678901234567890123.5', 'text'],
      ['0.1000000000000000055511151231257827', 'text'],
      ['1e-20', 'real'],
      ['3.000000000000000001e0', 'text'],
      ['2.5', 'real'],
      ['1e999', 'text'],
      ['"007"', 'text'],
    ] as const
    const rows = values.map(([json], ordinal) => sampleRow(ordinal, { json: `{"v":${json}}` }))
    await write(rows, { columns: [typed('v', { kind: 'json' })] })
    const kept = query('select v, typeof(v) as type from answers')
    expect(kept.map(({ type }) => type)).toEqual(values.map(([, type]) => type))
    expect(kept.map(({ v }) => String(v))).toEqual(values.map(([json]) => json.replaceAll('"', '')))
    const small = Array.from({ length: 500 }, (_, at) => (at + 1) * 3.7e-19 * 1.9 ** (at % 40))
    await write(
      small.map((x, ordinal) => sampleRow(ordinal, { json: JSON.stringify({ x }) })),
      { columns: untyped('x') },
    )
    expect(query('select x from answers').map(({ x }) => x)).toEqual(small)
  })

  it('keeps text with a NUL in it, bytes as bytes, and what typed columns cannot hold as text', async () => {
    const columns = [typed('b', { kind: 'bytes' }), typed('u', { kind: 'integer', bits: 64, isSigned: false })]
    const json = '{"text":"a\\u0000b","b":"AAEC","u":18446744073709551615,"x":"NaN"}'
    await write([sampleRow(0, { json, result: sampleResult({ output: 'x\0y\ud800' }) })], {
      columns: [...untyped('text'), ...columns, typed('x', { kind: 'double' })],
    })
    const [row] = query(
      'select hex(text) as text, typeof(text) as type, hex(b) as b, typeof(b) as bytes, u, x, hex(llm_output) as output from answers',
    )
    expect(row).toEqual({
      text: '610062',
      type: 'text',
      b: '000102',
      bytes: 'blob',
      u: '18446744073709551615',
      x: 'NaN',
      output: '780079EFBFBD',
    })
  })

  it('has the leaves of a schema in columns of their own, as CSV has, and leaves out what would be rounded', async () => {
    const schema = {
      type: 'object',
      properties: {
        label: { type: 'string' },
        n: { type: 'integer' },
        at: { type: 'object', properties: { x: { type: 'number' } } },
      },
    }
    const answer = (json: string) => sampleResult({}, { structured: { value: null, json, note: null } })
    await write(
      [
        sampleRow(0, { result: answer('{"label":"good","n":7,"at":{"x":0.10}}') }),
        sampleRow(1, { result: answer('{"label":"more","n":98765432109876543210}') }),
      ],
      { columns: [], shape: { kind: 'json', schema } },
    )
    expect(
      query(
        'select llm_output as o, "llm_output.label" as label, "llm_output.n" as n, "llm_output.at.x" as x from answers',
      ),
    ).toEqual([
      { o: '{"label":"good","n":7,"at":{"x":0.10}}', label: 'good', n: 7n, x: 0.1 },
      { o: '{"label":"more","n":98765432109876543210}', label: 'more', n: null, x: null },
    ])
  })

  it('takes any names of columns, such as none, quotes and words of SQL', async () => {
    const names = ['', 'a"b', 'select', 'Ö', 'ö', 'a.b', "it's; drop table answers"]
    const json = JSON.stringify(Object.fromEntries(names.map((name, at) => [name, at])))
    await write([sampleRow(0, { json })], { columns: untyped(...names), plan: { columns: names } })
    const [row] = query('select * from answers')
    expect(Object.entries(row ?? {}).slice(0, names.length)).toEqual(names.map((name, at) => [name, BigInt(at)]))
  })
})

describe('a database that answers are written to', () => {
  it('appears whole, readable by whom the umask lets read it', async () => {
    await write([sampleRow(0)])
    expect(await readdir(folder)).toEqual(['out.db'])
    await writeFile(join(folder, 'plain'), '')
    expect((await stat(path)).mode).toBe((await stat(join(folder, 'plain'))).mode)
  })

  it('keeps all other tables, the rows in them that refer to the answers, and its journal mode', async () => {
    run(`pragma journal_mode = wal;
      create table answers (id integer primary key); create table Other (n integer);
      create table notes (id integer references answers (id) on delete cascade);
      insert into answers values (1); insert into Other values (5); insert into notes values (1)`)
    await write([sampleRow(0, { json: '{"text":"new"}' })])
    expect(await readdir(folder)).toEqual(['out.db'])
    expect(query('select text from answers')).toEqual([{ text: 'new' }])
    expect(query('select n, id from Other, notes')).toEqual([{ n: 5n, id: 1n }])
    expect(query('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
    await write([sampleRow(0), sampleRow(1)], { plan: { tableName: 'second' } })
    expect(query('select (select count(*) from answers) as one, count(*) as two from second')).toEqual([
      { one: 1n, two: 2n },
    ])
  })

  it('may be in another encoding, or empty', async () => {
    run(`pragma encoding = 'UTF-16le'; create table t (a)`)
    await write([sampleRow(0, { json: '{"text":"é\\u0000€"}' })])
    expect(query('select text, length(hex(text)) as digits from answers')).toMatchObject([{ digits: 12n }])
    await writeFile(path, '')
    await write([sampleRow(0, { json: '{"text":"é"}' })])
    expect(query('select text from answers')).toEqual([{ text: 'é' }])
  })

  it('stays as it was where the answers break off', async () => {
    await write([sampleRow(0, { json: '{"text":"old"}' })])
    const broken = async function* () {
      yield [sampleRow(0)]
      throw new Error('the store is gone')
    }
    await expect(write([], { rows: broken() })).rejects.toThrow('the store is gone')
    expect(query('select text from answers')).toEqual([{ text: 'old' }])
    expect(await readdir(folder)).toEqual(['out.db'])
  })
})
