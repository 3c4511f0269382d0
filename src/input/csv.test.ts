import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brief, collectRows, pieces } from '../../test/support/input-rows.ts'
import type { ReadRow } from '../model/row.ts'
import { readCsv } from './csv.ts'
import type { ReaderOptions } from './reader.ts'

const OPTIONS: ReaderOptions = { encoding: undefined, delimiter: undefined, maxLineBytes: 1_000_000 }

describe('readCsv', () => {
  it.each<[name: string, input: string, rows: readonly unknown[]]>([
    ['nothing', '', []],
    ['a header alone', 'a,b\n', []],
    ['a header without line feed', 'a,b', []],
    [
      'records',
      'a,b\n1,2\n3,4\n',
      [
        [2, { a: '1', b: '2' }],
        [3, { a: '3', b: '4' }],
      ],
    ],
    [
      'a last record without line feed',
      'a,b\n1,2\n3,4',
      [
        [2, { a: '1', b: '2' }],
        [3, { a: '3', b: '4' }],
      ],
    ],
    [
      'CRLF',
      'a,b\r\n1,2\r\n"3","4"\r\n',
      [
        [2, { a: '1', b: '2' }],
        [3, { a: '3', b: '4' }],
      ],
    ],
    ['CRLF without the last line feed', 'a,b\r\n1,"2"\r', [[2, { a: '1', b: '2' }]]],
    [
      'line ends of both kinds',
      'a,b\r\n1,2\n3,"4"\r\n',
      [
        [2, { a: '1', b: '2' }],
        [3, { a: '3', b: '4' }],
      ],
    ],
    [
      'carriage returns alone',
      'a,b\r1,"2\r3"\r4,5\r',
      [
        [2, { a: '1', b: '2\r3' }],
        [4, { a: '4', b: '5' }],
      ],
    ],
    ['a byte order mark before the header', '\ufeff"a",b\n1,2\n', [[2, { a: '1', b: '2' }]]],
    [
      'quoted line breaks, quotes and commas',
      'a,b\n"x\r\ny","say ""hi"", ok"\n3,4\n',
      [
        [2, { a: 'x\r\ny', b: 'say "hi", ok' }],
        [4, { a: '3', b: '4' }],
      ],
    ],
    ['a quoted line break in the header', '"a\nb",c\n1,2\n', [[3, { 'a\nb': '1', c: '2' }]]],
    ['blank lines', '\n\na,b\n\n1,2\n\n', [[5, { a: '1', b: '2' }]]],
    [
      'empty fields',
      'a,b\n,\n"",""\n',
      [
        [2, { a: '', b: '' }],
        [3, { a: '', b: '' }],
      ],
    ],
    ['a quote inside a plain field', 'a,b\n5" wide,x"y"\n', [[2, { a: '5" wide', b: 'x"y"' }]]],
    ['semicolons', 'a;b\n"1,5";x, y\n', [[2, { a: '1,5', b: 'x, y' }]]],
    ['tabs', 'a\tb\n1,2\t3;4\n', [[2, { a: '1,2', b: '3;4' }]]],
    ['pipes', 'a|b\n1|2\n', [[2, { a: '1', b: '2' }]]],
    [
      'one column full of other delimiters',
      'text\nx; y; z\nu\n',
      [
        [2, { text: 'x; y; z' }],
        [3, { text: 'u' }],
      ],
    ],
    ['commas within quotes of the header', '"a,b,c";d\n1;2\n', [[2, { 'a,b,c': '1', d: '2' }]]],
    ['characters of every length', 'é,😀\n日本,"𝒳\n😀"\n', [[2, { é: '日本', '😀': '𝒳\n😀' }]]],
    ['U+2028 inside a field', 'a\nx\u2028y\n', [[2, { a: 'x\u2028y' }]]],
    [
      'too few and too many fields',
      'a,b\n1\n1,2,3\n4,5\n',
      [
        [2, 'invalid_csv'],
        [3, 'invalid_csv'],
        [4, { a: '4', b: '5' }],
      ],
    ],
    [
      'a quote that is not doubled',
      'a,b\n"x"y",2\n3,4\n',
      [
        [2, 'invalid_csv'],
        [3, { a: '3', b: '4' }],
      ],
    ],
  ])('reads %s, wherever the pieces are cut', async (_name, input, rows) => {
    for (const size of [1, 2, 3, 7, 1_000]) expect((await read(input, size)).map(brief)).toEqual(rows)
  })

  it('reads back any table that was written with quotes', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', ' ', '😀', 'é') })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell)), fc.integer({ min: 1, max: 9 }), async (table, size) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`
        const input = `one,two\n${table.map((cells) => `${cells.map(quote).join(',')}\n`).join('')}`
        const rows = await read(input, size)
        expect(rows.map((row) => ('row' in row ? row.row.record : row))).toEqual(
          table.map(([one, two]) => ({ one, two })),
        )
        expect(rows.map((row) => ('row' in row ? JSON.parse(row.row.json) : row) as unknown)).toEqual(
          table.map(([one, two]) => ({ one, two })),
        )
      }),
    )
  })

  it('keeps the order of columns with numbers for names in the row’s text', async () => {
    const [row] = await read('b,2,1\nx,y,z\n')
    expect(row).toMatchObject({ row: { json: '{"b":"x","2":"y","1":"z"}' } })
  })

  it('keeps columns called __proto__ and constructor as columns', async () => {
    const [row] = await read('__proto__,constructor\nx,y\n')
    expect(row).toMatchObject({ row: { json: '{"__proto__":"x","constructor":"y"}' } })
    expect(row && 'row' in row ? Object.entries(row.row.record) : row).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })

  it.each<[name: string, input: string, message: string]>([
    ['two columns of one name', 'a,b,a\n', 'more than one column called "a"'],
    ['a column without name', 'a,,b\n', 'column 2 of table.csv has no name'],
    ['a quote that never closes', 'a,b\n1,2\n3,"4\n5,6\n', 'the record at line 3 of table.csv does not end'],
    ['a header whose quote never closes', '"a,b\n1,2\n', 'the record at line 1 of table.csv does not end'],
  ])('refuses %s', async (_name, input, message) => {
    for (const size of [1, 1_000]) {
      await expect(read(input, size)).rejects.toMatchObject({
        code: 'input',
        message: expect.stringContaining(message) as string,
      })
    }
  })

  it('stops at a record above the limit rather than hold the rest of the file', async () => {
    const input = `a,b\n1,"${'x'.repeat(5_000)}`
    const reading = collectRows(readCsv(source(input, 100), { ...OPTIONS, maxLineBytes: 1_000 }))
    await expect(reading).rejects.toMatchObject({ message: expect.stringContaining('line 2') as string })
  })

  it.each([
    ['tab', 'a\tb\n1\t2\n'],
    ['\\t', 'a\tb\n1\t2\n'],
    ['#', 'a#b\n1#2\n'],
  ])('takes the delimiter %j that was given', async (delimiter, input) => {
    const rows = await collectRows(readCsv(source(input, 9), { ...OPTIONS, delimiter }))
    expect(rows.map(brief)).toEqual([[2, { a: '1', b: '2' }]])
  })

  it.each(['', 'ab', '"', '\n', '\ufeff'])('refuses the delimiter %j', async (delimiter) => {
    const reading = collectRows(readCsv(source('a,b\n', 9), { ...OPTIONS, delimiter }))
    await expect(reading).rejects.toMatchObject({ code: 'usage' })
  })

  it('reads Windows text where its encoding is given, and names the line where it is not', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,2\n'), Buffer.from([0x80, 0x93, 0xe9]), Buffer.from(',x\n')])
    const rows = await collectRows(readCsv(source(bytes, 5), { ...OPTIONS, encoding: 'windows-1252' }))
    expect(rows.map(brief)).toEqual([
      [2, { a: '1', b: '2' }],
      [3, { a: '€“é', b: 'x' }],
    ])
    await expect(read(bytes, 4)).rejects.toMatchObject({
      code: 'input',
      message: 'table.csv is not utf-8 text at or after line 3',
      next: expect.stringContaining('encoding: windows-1252') as string,
    })
  })

  it.each([1, 3, 100])('reads UTF-16 as a spreadsheet writes it, in pieces of %i bytes', async (size) => {
    const bytes = Buffer.from('\ufeffname\ttext\r\né\t😀 日\r\n', 'utf16le')
    expect((await read(bytes, size)).map(brief)).toEqual([[2, { name: 'é', text: '😀 日' }]])
  })

  it('refuses a character that is cut at the end', async () => {
    await expect(read(Buffer.from('a\n😀').subarray(0, -1))).rejects.toMatchObject({ code: 'input' })
  })

  it('refuses an unknown encoding', async () => {
    const reading = collectRows(readCsv(source('a\n', 9), { ...OPTIONS, encoding: 'klingon' }))
    await expect(reading).rejects.toMatchObject({ code: 'usage', message: 'unknown encoding "klingon"' })
  })

  it('reads a quoted field of 20 MB', async () => {
    const input = `a,b\n1,"${'x\n'.repeat(10_000_000)}"\n2,y\n`
    const rows = await collectRows(readCsv(source(input, 65_536), { ...OPTIONS, maxLineBytes: 64_000_000 }))
    expect(rows.map((row) => ('row' in row ? [row.row.line, row.row.json.length] : row))).toEqual([
      [2, 30_000_016],
      [10_000_003, 17],
    ])
  })
})

function source(bytes: Uint8Array | string, size: number): Parameters<typeof readCsv>[0] {
  return { name: 'table.csv', open: () => pieces(bytes, size) }
}

function read(bytes: Uint8Array | string, size = 1_000): Promise<ReadRow[]> {
  return collectRows(readCsv(source(bytes, size), OPTIONS))
}
