import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Judge, openJudge } from '../../../test/support/duckdb.ts'
import { collectRows } from '../../../test/support/input-rows.ts'
import { systemDisk as disk } from '../../lib/disk.ts'
import type { ReadRow, Row } from '../../model/row.ts'
import { openInput } from '../open.ts'

let folder: string
let judge: Judge

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-parquet-'))
  judge = await openJudge()
})

afterAll(async () => {
  judge.close()
  await rm(folder, { recursive: true })
})

/** Writes what a query gives with a writer that others made, and reads it back with ours. */
async function copied(query: string, options = ''): Promise<readonly ReadRow[]> {
  const path = join(folder, 'rows.parquet')
  await judge.run(`copy (${query}) to '${path}' (format parquet${options})`)
  return await collectRows(openInput({ source: { path }, disk }))
}

async function onlyRow(query: string): Promise<Row> {
  const [read] = await copied(query)
  if (!read || !('row' in read)) throw new Error('there is no row')
  return read.row
}

describe('a value of a Parquet file', () => {
  it.each<[sql: string, json: string, type: object]>([
    ['true', 'true', { kind: 'boolean' }],
    ['(-128)::tinyint', '-128', { kind: 'integer', bits: 8, isSigned: true }],
    ['255::utinyint', '255', { kind: 'integer', bits: 8, isSigned: false }],
    ['4294967295::uinteger', '4294967295', { kind: 'integer', bits: 32, isSigned: false }],
    ['9223372036854775807::bigint', '9223372036854775807', { kind: 'integer', bits: 64, isSigned: true }],
    ['18446744073709551615::ubigint', '18446744073709551615', { kind: 'integer', bits: 64, isSigned: false }],
    ['0.1::float', '0.10000000149011612', { kind: 'float' }],
    ['-1.5e300::double', '-1.5e+300', { kind: 'double' }],
    ["'-inf'::double", '"-Infinity"', { kind: 'double' }],
    ["'nan'::double", '"NaN"', { kind: 'double' }],
    ['-0.0::double', '-0.0', { kind: 'double' }],
    ['-0.05::decimal(4,2)', '-0.05', { kind: 'decimal', precision: 4, scale: 2 }],
    ['12345678901234.5678::decimal(18,4)', '12345678901234.5678', { kind: 'decimal', precision: 18, scale: 4 }],
    [
      '-1234567890123456789012345678.9012345678::decimal(38,10)',
      '-1234567890123456789012345678.9012345678',
      { kind: 'decimal', precision: 38, scale: 10 },
    ],
    ["'a\"' || chr(10) || chr(128512)", '"a\\"\\n😀"', { kind: 'string' }],
    ["chr(65279) || 'a'", '"\ufeffa"', { kind: 'string' }],
    ["'\\x00\\xFF'::blob", '"AP8="', { kind: 'bytes' }],
    ["date '1969-12-31'", '"1969-12-31"', { kind: 'date' }],
    ["date '12000-02-29'", '"+012000-02-29"', { kind: 'date' }],
    [
      "timestamp '1969-12-31 23:59:59.999999'",
      '"1969-12-31T23:59:59.999999"',
      { kind: 'timestamp', unit: 'MICROS', isUtc: false },
    ],
    [
      "timestamptz '2026-11-27 12:00:00.5+02'",
      '"2026-11-27T10:00:00.500000Z"',
      { kind: 'timestamp', unit: 'MICROS', isUtc: true },
    ],
    [
      "timestamp_ns '2026-11-27 12:00:00.123456789'",
      '"2026-11-27T12:00:00.123456789"',
      { kind: 'timestamp', unit: 'NANOS', isUtc: false },
    ],
    ["'infinity'::timestamp", '9223372036854775807', { kind: 'timestamp', unit: 'MICROS', isUtc: false }],
    ["time '23:59:59.000001'", '"23:59:59.000001"', { kind: 'time', unit: 'MICROS', isUtc: false }],
    ["'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid", '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"', { kind: 'uuid' }],
    ['\'{"a": [1.0, 12345678901234567890]}\'::json', '{"a": [1.0, 12345678901234567890]}', { kind: 'json' }],
    ['[1, null]', '[1,null]', { kind: 'list', element: { kind: 'integer', bits: 32, isSigned: true } }],
    ['[]::varchar[]', '[]', { kind: 'list', element: { kind: 'string' } }],
    ["[['a'], [], null]", '[["a"],[],null]', { kind: 'list', element: { kind: 'list', element: { kind: 'string' } } }],
    [
      "{'__proto__': 1, 'b.c': {'d': null::varchar}}",
      '{"__proto__":1,"b.c":{"d":null}}',
      {
        kind: 'struct',
        fields: [
          { name: '__proto__', type: { kind: 'integer', bits: 32, isSigned: true } },
          { name: 'b.c', type: { kind: 'struct', fields: [{ name: 'd', type: { kind: 'string' } }] } },
        ],
      },
    ],
    [
      "map {'b': [1], 'a': null, '__proto__': []}",
      '{"b":[1],"a":null,"__proto__":[]}',
      {
        kind: 'map',
        key: { kind: 'string' },
        value: { kind: 'list', element: { kind: 'integer', bits: 32, isSigned: true } },
      },
    ],
    [
      "map {10: 'x'}",
      '{"10":"x"}',
      { kind: 'map', key: { kind: 'integer', bits: 32, isSigned: true }, value: { kind: 'string' } },
    ],
    ["[{'m': map {'k': {'n': [1]}}}, null]", '[{"m":{"k":{"n":[1]}}},null]', expect.objectContaining({ kind: 'list' })],
  ])('%s is %s', async (sql, json, type) => {
    const { columns, json: text } = await onlyRow(`select ${sql} as v`)
    expect(text).toBe(`{"v":${json}}`)
    expect(columns).toEqual([{ name: 'v', type }])
  })

  it('is null where it is null, whatever its type', async () => {
    const { json } = await onlyRow(
      "select null::bigint as a, null::varchar as b, null::int[] as c, null::struct(x int) as d, {'x': null::int} as e, null::decimal(30,2) as f",
    )
    expect(json).toBe('{"a":null,"b":null,"c":null,"d":null,"e":{"x":null},"f":null}')
  })
})

describe('a Parquet file', () => {
  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'lz4_raw', 'uncompressed'])('is read packed with %s', async (codec) => {
    const rows = await copied(
      "select i, 'text ' || (i % 7) as t, [i, i + 1] as l from range(5000) t(i)",
      `, compression ${codec}, row_group_size 2048`,
    )
    expect(rows).toHaveLength(5_000)
    for (const [at, read] of rows.entries()) {
      if (!('row' in read)) throw new Error('a row is a problem')
      expect(read.row.line).toBe(at + 1)
      expect(read.row.json).toBe(`{"i":${at},"t":"text ${at % 7}","l":[${at},${at + 1}]}`)
    }
  })

  it('has columns of any name, in its order', async () => {
    const names = ['2', '1', '', '__proto__', 'a.b', 'a', 'quote"', 'line\nbreak', '😀']
    const list = names.map((name, at) => `${at} as "${name.replaceAll('"', '""') || 'x'}"`).join(', ')
    const { columns, record } = await onlyRow(`select ${list}, {'b': 7} as a_struct`)
    expect(columns?.map(({ name }) => name)).toEqual([...names.map((name) => name || 'x'), 'a_struct'])
    expect(Object.hasOwn(record, '__proto__')).toBe(true)
  })

  it('gives its columns as one list, so that a reader need not look twice', async () => {
    const rows = await copied('select i from range(3000) t(i)')
    const lists = new Set(rows.map((read) => ('row' in read ? read.row.columns : undefined)))
    expect(lists.size).toBe(1)
  })

  it('without rows gives none', async () => {
    expect(await copied('select 1 as a where false')).toEqual([])
  })

  it('names the column whose text is no text, and goes on', async () => {
    const path = join(folder, 'broken.parquet')
    const { parquetWriteBuffer } = await import('hyparquet-writer')
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 't', data: [Buffer.from('good'), Buffer.from([0xff, 0xfe]), Buffer.from('fine')], type: 'STRING' },
      ],
    })
    await writeFile(path, Buffer.from(bytes))
    const rows = await collectRows(openInput({ source: { path }, disk }))
    expect(rows.map((read) => ('row' in read ? read.row.json : read.problem))).toEqual([
      '{"t":"good"}',
      { code: 'invalid_encoding', line: 2, detail: 'the text in "t" is not UTF-8' },
      '{"t":"fine"}',
    ])
  })

  it('is refused in few words where it is cut, or something else', async () => {
    const path = join(folder, 'bad.parquet')
    await judge.run(`copy (select i, md5(i::varchar) as t from range(5000) t(i)) to '${path}' (format parquet)`)
    const whole = await readFile(path)
    for (const content of [whole.subarray(0, whole.length / 2), Buffer.from('id,text\n1,a\n'), Buffer.alloc(0)]) {
      await writeFile(path, content)
      await expect(collectRows(openInput({ source: { path }, disk }))).rejects.toThrow(
        'bad.parquet cannot be read as Parquet',
      )
    }
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, 100, 2_000)
    await writeFile(path, damaged)
    await expect(collectRows(openInput({ source: { path }, disk }))).rejects.toThrow('cannot be read as Parquet')
  })

  it('of one group is put together from the pages of its columns, whose borders differ', async () => {
    const path = join(folder, 'huge.parquet')
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
    const buffer = new ByteWriter()
    const writer = new ParquetWriter({
      writer: buffer,
      schema: [
        { name: 'root', num_children: 2 },
        { name: 't', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'l', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
      ],
    })
    const data = Array.from({ length: 20_000 }, (_, row) => row)
    await writer.write({
      rowGroupSize: data.length,
      pageSize: 10_000,
      columnData: [
        { name: 't', data: data.map((row) => (row % 5 === 0 ? null : `row ${row} ${'x'.repeat(row % 90)}`)) },
        { name: 'l', data: data.map((row) => Array.from({ length: row % 4 }, (_, at) => row + at)) },
      ],
    })
    await writer.finish()
    await writeFile(path, Buffer.from(buffer.getBuffer()))
    const rows = await collectRows(openInput({ source: { path }, disk }))
    expect(rows).toHaveLength(data.length)
    for (const row of data) {
      const read = rows[row]
      if (!read || !('row' in read)) throw new Error('a row is a problem')
      const list = Array.from({ length: row % 4 }, (_, at) => row + at)
      const text = row % 5 === 0 ? null : `row ${row} ${'x'.repeat(row % 90)}`
      expect(read.row.record).toEqual({ t: text, l: list })
    }
  })
})
