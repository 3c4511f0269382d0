import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brief, collectRows, pieces } from '../../test/support/input-rows.ts'
import { systemDisk as disk } from '../lib/disk.ts'
import type { ReadRow } from '../model/row.ts'
import { type InputFormat, openInput } from './open.ts'

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

async function openFile(name: string, content: string): Promise<ReadRow[]> {
  const path = join(folder, name)
  await writeFile(path, content)
  return await collectRows(openInput({ source: { path }, disk }))
}
