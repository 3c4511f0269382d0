import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBlank, type Line, splitLines } from './jsonl.ts'

describe('splitLines', () => {
  it.each<[name: string, input: string, lines: readonly string[]]>([
    ['nothing', '', []],
    ['one line without line feed', 'a', ['a']],
    ['lines with line feeds', 'a\nb\n', ['a', 'b']],
    ['blank lines', '\n\na\n', ['', '', 'a']],
    ['carriage returns', 'a\r\nb\r\n', ['a', 'b']],
    ['a carriage return inside a line', 'a\rb\n', ['a\rb']],
    ['a byte order mark', '\ufeffa\n\ufeffb\n', ['a', '\ufeffb']],
    ['a byte order mark alone', '\ufeff', []],
    ['line separators of other kinds', 'a\u2028b\u2029c\u0085d\n', ['a\u2028b\u2029c\u0085d']],
    ['characters outside the basic plane', '😀\n𝒳', ['😀', '𝒳']],
  ])('cuts %s at line feeds only, wherever the pieces are cut', async (_name, input, lines) => {
    const bytes = Buffer.from(input)
    for (let size = 1; size <= bytes.length + 1; size += 1) {
      const found = await collect(pieces(bytes, size))
      expect(found.map(({ bytes: line }) => Buffer.from(line).toString())).toEqual(lines)
    }
  })

  it('gives offsets that find the line in the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, ' '))),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        async (texts, hasMark, size) => {
          const bytes = Buffer.from((hasMark ? '\ufeff' : '') + texts.map((text) => `${text}\n`).join(''))
          const found = await collect(pieces(bytes, size))
          expect(found.map(({ number }) => number)).toEqual(texts.map((_, index) => index + 1))
          expect(found.map((line) => sliceOf(bytes, line))).toEqual(
            found.map((line) => Buffer.from(line.bytes).toString()),
          )
        },
      ),
    )
  })

  it('says which last line no line feed ends', async () => {
    expect((await collect(pieces(Buffer.from('a\nb'), 9))).map(({ terminated }) => terminated)).toEqual([true, false])
  })

  it.each([1, 3, 4, 5, 100])('passes over a line above the limit and reads on, in pieces of %i bytes', async (size) => {
    const bytes = Buffer.from('1234\n12345\r\n123456\n12345678901234567890\nend')
    const found = await collect(pieces(bytes, size), 5)
    expect(found.map(({ isTooLong }) => isTooLong)).toEqual([false, false, true, true, false])
    expect(found.map(({ bytes: line }) => Buffer.from(line).toString())).toEqual(['1234', '12345', '', '', 'end'])
    expect(found.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  })

  it('joins a line of many pieces once, so that its length costs no more than its bytes', async () => {
    const piece = Buffer.alloc(1_000, 'x')
    async function* many(): AsyncIterable<Uint8Array> {
      for (let count = 0; count < 20_000; count += 1) yield piece
    }
    const [line] = await collect(many())
    expect(line?.bytes.length).toBe(20_000_000)
  })
})

describe('isBlank', () => {
  it.each([
    ['', true],
    [' \t\r', true],
    [' x ', false],
    ['\u00a0', false],
  ])('judges %j as %s', (text, blank) => {
    expect(isBlank(Buffer.from(text))).toBe(blank)
  })
})

async function* pieces(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  // One buffer for all pieces, as a reader that saves memory would do.
  const shared = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(shared, 0, at, at + size)
    yield shared.subarray(0, length)
  }
}

async function collect(source: AsyncIterable<Uint8Array>, maxLineBytes?: number): Promise<Line[]> {
  const found: Line[] = []
  for await (const lines of splitLines(source, maxLineBytes === undefined ? {} : { maxLineBytes })) {
    for (const line of lines) found.push({ ...line, bytes: Buffer.from(line.bytes) })
  }
  return found
}

function sliceOf(bytes: Buffer, { offset, bytes: { length } }: Line): string {
  return bytes.subarray(offset, offset + length).toString()
}
