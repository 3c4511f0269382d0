import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brief, collectRows, pieces } from '../../test/support/input-rows.ts'
import { systemDisk as disk } from '../lib/disk.ts'
import type { ReadRow } from '../model/row.ts'
import type { InputFormat } from '../model/run.ts'
import { openInput } from './open.ts'
import { limitRows } from './take.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-input-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('openInput', () => {
  it.each([
    ['rows.jsonl', '{"a":"1"}\n'],
    ['rows.ndjson', '{"a":"1"}\n'],
    ['ROWS.JSONL', '{"a":"1"}\n'],
    ['rows.csv', '\na\n1\n'],
    ['rows.tsv', '\na\n1\n'],
  ])('reads %s by its ending', async (name, content) => {
    const rows = await openFile(name, content)
    expect(rows.map((read) => brief(read)[1])).toEqual([{ a: '1' }])
  })

  it('takes a tab for the delimiter of a .tsv, and another where it is given', async () => {
    expect((await openFile('rows.tsv', 'a,b\tc\n1\t2\n')).map(brief)).toEqual([[2, { 'a,b': '1', c: '2' }]])
    const path = join(folder, 'rows.tsv')
    const rows = await collectRows(openInput({ source: { path }, disk, delimiter: ',' }))
    expect(rows.map(brief)).toEqual([[2, 'invalid_csv']])
  })

  it.each<[name: string, input: string | Buffer, rows: readonly unknown[]]>([
    ['JSON lines', ' \n{"a":1}\n', [[2, { a: 1 }]]],
    ['JSON lines after a byte order mark', '\ufeff{"a":1}\n', [[1, { a: 1 }]]],
    ['JSON lines in UTF-16', Buffer.from('{"a":1}\n', 'utf16le'), [[1, { a: 1 }]]],
    ['CSV', 'a,b\n1,2\n', [[2, { a: '1', b: '2' }]]],
    ['nothing', '', []],
  ])('tells from the first bytes of a stream that it is %s', async (_name, input, rows) => {
    for (const size of [1, 100]) {
      expect((await collectRows(openInput({ source: { stream: pieces(input, size) }, disk }))).map(brief)).toEqual(rows)
    }
  })

  it('reads a stream in the format that is given', async () => {
    const rows = await collectRows(openInput({ source: { stream: pieces('{a}\n1\n', 9) }, disk, format: 'csv' }))
    expect(rows.map(brief)).toEqual([[2, { '{a}': '1' }]])
  })

  it('reads rows from memory', async () => {
    expect((await collectRows(openInput({ source: { rows: [{ a: 1 }] }, disk }))).map(brief)).toEqual([[1, { a: 1 }]])
  })

  it('refuses a file that is not there, a folder, and an ending it does not know', async () => {
    const open = (path: string, format?: InputFormat): Promise<ReadRow[]> =>
      collectRows(openInput({ source: { path }, disk, format }))
    await writeFile(join(folder, 'rows.xlsx'), 'x')
    await expect(open(join(folder, 'none.csv'))).rejects.toMatchObject({
      code: 'input',
      message: expect.stringContaining('none.csv') as string,
    })
    await expect(open(folder)).rejects.toMatchObject({ code: 'input' })
    await expect(open(join(folder, 'rows.xlsx'))).rejects.toMatchObject({
      code: 'input',
      next: expect.stringContaining('.csv') as string,
    })
  })

  it('closes the source when the reader stops early', async () => {
    let isClosed = false
    async function* endless(): AsyncIterable<Uint8Array> {
      try {
        for (;;) yield Buffer.from('{"a":1}\n')
      } finally {
        isClosed = true
      }
    }
    for await (const rows of openInput({ source: { stream: endless() }, disk })) if (rows.length > 0) break
    expect(isClosed).toBe(true)
  })
})

async function openFile(name: string, content: string | Uint8Array): Promise<ReadRow[]> {
  const path = join(folder, name)
  await writeFile(path, content)
  return await collectRows(openInput({ source: { path }, disk }))
}

describe('a packed input', () => {
  it.each([
    ['rows.jsonl.gz', '{"a":"1"}\n'],
    ['rows.csv.gz', 'a\n1\n'],
    ['ROWS.TSV.GZ', 'a\n1\n'],
  ])('is read by the ending before .gz: %s', async (name, content) => {
    const rows = await openFile(name, gzipSync(content))
    expect(rows.map((read) => brief(read)[1])).toEqual([{ a: '1' }])
  })

  it('is known by its first bytes where it comes through a pipe', async () => {
    const stream = pieces(gzipSync('{"a":1}\n{"a":2}\n'), 5)
    expect((await collectRows(openInput({ source: { stream }, disk }))).map(brief)).toEqual([
      [1, { a: 1 }],
      [2, { a: 2 }],
    ])
  })

  it('is refused in few words where it is cut, no gzip, or Parquet', async () => {
    const packed = gzipSync('a\n1\n'.repeat(1_000))
    await expect(openFile('cut.csv.gz', packed.subarray(0, -20))).rejects.toThrow('cut.csv.gz cannot be unpacked')
    await expect(openFile('plain.csv.gz', 'a\n1\n')).rejects.toThrow('plain.csv.gz cannot be unpacked')
    await expect(openFile('rows.parquet.gz', packed)).rejects.toThrow('Parquet inside gzip')
  })

  it('that is a bomb is refused before it fills the memory', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, `${'x'.repeat(1_000_000)}\n`))
    await expect(openFile('bomb.jsonl.gz', bomb)).rejects.toThrow(
      /bomb.jsonl.gz cannot be unpacked: \d+ bytes unpack to more/,
    )
  })

  it('ends where no more rows are wanted', async () => {
    await writeFile(join(folder, 'many.jsonl.gz'), gzipSync('{"a":1}\n'.repeat(200_000)))
    const source = { path: join(folder, 'many.jsonl.gz') }
    const rows = await collectRows(limitRows(openInput({ source, disk }), 3))
    expect(rows).toHaveLength(3)
  })
})

describe('several files', () => {
  async function openSeveral(files: Readonly<Record<string, string | Buffer>>): Promise<readonly ReadRow[]> {
    const paths = Object.keys(files).map((name) => join(folder, name))
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    return await collectRows(openInput({ source: { paths }, disk }))
  }

  it('are one input in the order given, and every row and problem names its file', async () => {
    const rows = await openSeveral({
      'b.csv': 'a\n1\n2,3\n',
      'a.jsonl': '{"a":1,"b":2}\nno\n',
      'c.csv.gz': gzipSync('b\nx\n'),
    })
    const shown = rows.map((read) => {
      const { file, line } = 'row' in read ? read.row : read.problem
      return [file?.slice(folder.length + 1), line, 'row' in read ? read.row.json : read.problem.code]
    })
    expect(shown).toEqual([
      ['b.csv', 2, '{"a":"1"}'],
      ['b.csv', 3, 'invalid_csv'],
      ['a.jsonl', 1, '{"a":1,"b":2}'],
      ['a.jsonl', 2, 'invalid_json'],
      ['c.csv.gz', 2, '{"b":"x"}'],
    ])
  })

  it('that are one name no file', async () => {
    const [read] = await openSeveral({ 'a.csv': 'a\n1\n' })
    expect(read && 'row' in read && read.row.file).toBeUndefined()
  })

  it('are looked at before the first of them is read', async () => {
    await writeFile(join(folder, 'there.csv'), 'a\n1\n')
    const paths = [join(folder, 'there.csv'), join(folder, 'gone.csv')]
    const lists = openInput({ source: { paths }, disk })[Symbol.asyncIterator]()
    await expect(lists.next()).rejects.toThrow('gone.csv does not exist')
  })
})

describe('Parquet through a pipe', () => {
  it('is refused with the reason', async () => {
    const stream = pieces(Buffer.from('PAR1 and more'), 3)
    await expect(collectRows(openInput({ source: { stream }, disk }))).rejects.toThrow(
      'standard input is Parquet, which can only be read from a file',
    )
  })
})
