import { describe, expect, it } from 'vitest'
import { brief, collectRows, pieces } from '../../test/support/input-rows.ts'
import type { ReadRow } from '../model/row.ts'
import { readJsonLines } from './jsonl.ts'

const OPTIONS = { encoding: undefined, delimiter: undefined, maxLineBytes: 1_000_000 }

describe('readJsonLines', () => {
  it.each<[name: string, input: string, rows: readonly unknown[]]>([
    ['nothing', '', []],
    ['blank lines only', '\n \n\t\r\n', []],
    [
      'objects',
      '{"a":1}\n{"a":2}\n',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
      ],
    ],
    [
      'a last line without line feed',
      '{"a":1}\n{"a":2}',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
      ],
    ],
    [
      'a byte order mark, CRLF and blank lines',
      '\ufeff\r\n{"a":1}\r\n\r\n{"a":2}\r\n',
      [
        [2, { a: 1 }],
        [4, { a: 2 }],
      ],
    ],
    ['U+2028 and NEL inside a string', '{"a":"x\u2028y\u0085z"}', [[1, { a: 'x\u2028y\u0085z' }]]],
    ['characters of every length', '{"é":"日本 😀"}', [[1, { é: '日本 😀' }]]],
    [
      'a cut last line',
      '{"a":1}\n{"a":',
      [
        [1, { a: 1 }],
        [2, 'invalid_json'],
      ],
    ],
    [
      'what is no JSON',
      'hello\n{"a":1}',
      [
        [1, 'invalid_json'],
        [2, { a: 1 }],
      ],
    ],
    [
      'what is no object',
      '"x"\n7\nnull\n{}\n',
      [
        [1, 'not_an_object'],
        [2, 'not_an_object'],
        [3, 'not_an_object'],
        [4, {}],
      ],
    ],
    [
      'a list after the first row',
      '{}\n[1]\n',
      [
        [1, {}],
        [2, 'not_an_object'],
      ],
    ],
  ])('reads %s, wherever the pieces are cut', async (_name, input, rows) => {
    for (const size of [1, 2, 3, 7, 1_000]) expect((await read(input, size)).map(brief)).toEqual(rows)
  })

  it('keeps the text of a row as the user wrote it', async () => {
    const json = '{"b": 12345678901234567890, "a": 1.0, "a": 1e2, "2": "\\u00e9", "1": null}'
    const [row] = await read(`  ${json}\t\r\n`)
    expect(row).toMatchObject({ row: { json } })
  })

  it('keeps a column called __proto__ as a column', async () => {
    const [row] = await read('{"__proto__":{"polluted":true},"constructor":"x"}')
    const record = row && 'row' in row ? row.row.record : {}
    expect(Object.keys(record)).toEqual(['__proto__', 'constructor'])
    expect('polluted' in record).toBe(false)
  })

  it('names the line that is no UTF-8 and reads on', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe9]), Buffer.from('"}\n{"a":"é"}\n')])
    expect((await read(bytes)).map(brief)).toEqual([
      [1, 'invalid_encoding'],
      [2, { a: 'é' }],
    ])
  })

  it.each(['utf16le', 'utf16be'] as const)('reads %s with and without a byte order mark', async (encoding) => {
    for (const mark of ['', '\ufeff']) {
      const bytes = Buffer.from(`${mark}{"a":"é 😀"}\n{"a":"日"}\n`, 'utf16le')
      if (encoding === 'utf16be') bytes.swap16()
      for (const size of [1, 3, 1_000])
        expect((await read(bytes, size)).map(brief)).toEqual([
          [1, { a: 'é 😀' }],
          [2, { a: '日' }],
        ])
    }
  })

  it('reads another encoding where it is given', async () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0x80, 0x20, 0xe9]), Buffer.from('"}')])
    const rows = await collectRows(readJsonLines(source(bytes, 4), { ...OPTIONS, encoding: 'latin1' }))
    expect(rows.map(brief)).toEqual([[1, { a: '€ é' }]])
  })

  it('passes over a line above the limit', async () => {
    const input = `{"a":1}\n{"a":"${'x'.repeat(200)}"}\n{"a":2}\n`
    const rows = await collectRows(readJsonLines(source(input, 16), { ...OPTIONS, maxLineBytes: 100 }))
    expect(rows.map(brief)).toEqual([
      [1, { a: 1 }],
      [2, 'line_too_long'],
      [3, { a: 2 }],
    ])
  })

  it.each([1, 3, 64])('reads a JSON list of objects, on one line or many, in pieces of %i bytes', async (piece) => {
    const list = '\ufeff\n  [ {"a":1,\n "b": [1, {"c": "],}\\"["}]},{"big": 12345678901234567890}\n\n, 5, {"x" 1}]\n'
    const rows = await collectRows(readJsonLines(source(list, piece), OPTIONS))
    expect(rows.map(brief)).toEqual([
      [2, { a: 1, b: [1, { c: '],}"[' }] }],
      [3, { big: Number('12345678901234567890') }],
      [5, 'not_an_object'],
      [5, 'invalid_json'],
    ])
    // The user's own text, on one line.
    expect(rows[1]).toMatchObject({ row: { json: '{"big": 12345678901234567890}' } })
    expect(rows[0]).toMatchObject({ row: { json: expect.not.stringContaining('\n') as string } })
  })

  it('reads a list without elements, passes over one that is too long, and notices a comma too many', async () => {
    expect(await read(' [ ] ')).toEqual([])
    const long = `[{"a":"${'x'.repeat(200)}"},{"a":2},]`
    const rows = await collectRows(readJsonLines(source(long, 16), { ...OPTIONS, maxLineBytes: 100 }))
    expect(rows.map(brief)).toEqual([
      [1, 'line_too_long'],
      [1, { a: 2 }],
      [1, 'invalid_json'],
    ])
  })

  it.each([
    ['[{"a":1},\n{"a":2}', /ends inside its JSON list, after line 2/],
    ['[{"a":1},\n{"a":"]', /ends inside its JSON list/],
    ['[{"a":1}]\n{"a":2}', /goes on after the end of its JSON list, on line 2/],
  ])('refuses a list that is cut or goes on: %j', async (list, message) => {
    await expect(read(list)).rejects.toMatchObject({ code: 'input', message: expect.stringMatching(message) as string })
  })

  it('reads a line of 20 MB', async () => {
    const [row] = await collectRows(
      readJsonLines(source(`{"a":"${'x'.repeat(20_000_000)}"}\n`, 65_536), { ...OPTIONS, maxLineBytes: 30_000_000 }),
    )
    expect(row && 'row' in row && (row.row.record['a'] as string).length).toBe(20_000_000)
  })
})

function source(bytes: Uint8Array | string, size: number): Parameters<typeof readJsonLines>[0] {
  return { name: 'rows.jsonl', open: () => pieces(bytes, size) }
}

function read(bytes: Uint8Array | string, size = 1_000): Promise<ReadRow[]> {
  return collectRows(readJsonLines(source(bytes, size), OPTIONS))
}
