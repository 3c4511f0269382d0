import { describe, expect, it } from 'vitest'
import { cleanText, findProblem } from './error-text.ts'

describe('findProblem', () => {
  it.each([
    ['a text', 'no', { code: null, message: 'no' }],
    ['an OpenAI error', { error: { message: 'no', type: 't', param: null, code: 'c' } }, { code: 'c', message: 'no' }],
    ['an error without a code', { error: { message: 'no', type: 't', code: null } }, { code: 't', message: 'no' }],
    ['an error that is text', { error: 'no' }, { code: null, message: 'no' }],
    [
      'an error within an error',
      { type: 'error', error: { error: { type: 't', message: 'no' } } },
      { code: 't', message: 'no' },
    ],
    ['a detail that is text', { detail: 'Unauthorized' }, { code: null, message: 'Unauthorized' }],
    [
      'a list of details',
      {
        detail: [
          { loc: ['body', 'x'], msg: 'no', type: 'int' },
          { loc: ['y'], msg: 'so' },
        ],
      },
      { code: 'int', message: 'body.x: no; y: so' },
    ],
    ['a message that is an object', { message: { detail: [{ msg: 'no' }] }, type: 't' }, { code: 't', message: 'no' }],
    ['a code that is a number', { message: 'no', code: 3000 }, { code: '3000', message: 'no' }],
    ['a list of errors', { errors: [{ message: 'no' }] }, { code: null, message: 'no' }],
    ['a code alone', { code: 'c' }, { code: 'c', message: 'c' }],
  ])('reads %s', (_, value, expected) => {
    expect(findProblem(value)).toEqual(expected)
  })

  it.each([[null], [undefined], [0], [true], [''], [{}], [[]], [{ code: null, message: null }], [{ object: 'batch' }]])(
    'finds nothing in %j',
    (value) => {
      expect(findProblem(value)).toBeUndefined()
    },
  )

  it('gives up on errors that nest without end', () => {
    let value: unknown = 'deep'
    for (let depth = 0; depth < 10_000; depth += 1) value = { error: value }
    expect(findProblem(value)).toBeUndefined()
  })
})

describe('cleanText', () => {
  const key = 'sk-live-abcdefghijkl'

  it.each([
    ['the key', `wrong key ${key}!`, 'wrong key ***!'],
    ['the key twice', `${key} ${key}`, '*** ***'],
    ['the key with an escape inside', `sk-live-\u001b[0mabcdefghijkl`, '***'],
    ['a part that was starred out', 'Incorrect API key provided: sk-ab***wxyz.', 'Incorrect API key provided: ***'],
    ['another key', 'use sk-proj-AAAAAAAAAAAAAAAA instead', 'use *** instead'],
    ['a bearer token', 'got Bearer abc.def', 'got ***'],
    ['a line break and a terminal sequence', 'a\nb\u001b]52;c;x\u0007c', 'a bc'],
  ])('masks or removes %s', (_, text, expected) => {
    expect(cleanText(text, [key])).toBe(expected)
  })

  it('masks a key of another form where it is the one in use', () => {
    expect(cleanText('key q8RtZ0+/x1y2 is no good, q8RtZ0%2B%2Fx1y2', ['q8RtZ0+/x1y2'])).toBe('key *** is no good, ***')
  })

  const KEY = 'q8RtZ0+/x1y2-Uv7'
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  it.each([
    ['base64', base64(KEY), '***'],
    ['base64, after one byte', base64(`:${KEY}`), '***'],
    ['base64, after two bytes', base64(`u:${KEY}`), '***'],
    ['base64, within a longer text', base64(`Bearer ${KEY} was sent`), '***'],
    ['base64 for addresses', Buffer.from(KEY).toString('base64url'), '***'],
    ['base64 on two lines', `${base64(KEY).slice(0, 9)}\n${base64(KEY).slice(9)}`, '***'],
    ['hexadecimal', Buffer.from(KEY).toString('hex'), '***'],
    ['hexadecimal in upper case', Buffer.from(KEY).toString('hex').toUpperCase(), '***'],
    ['hexadecimal with colons', Array.from(Buffer.from(KEY), (byte) => byte.toString(16)).join(':'), '***'],
    ['escaped bytes', Array.from(Buffer.from(KEY), (byte) => `\\x${byte.toString(16)}`).join(''), '\\x***'],
    ['upper case', KEY.toUpperCase(), '***'],
    ['upper case, twice', `${KEY.toUpperCase()},${KEY.toLowerCase()}`, '***,***'],
    ['spaces between', Array.from(KEY).join(' '), '***'],
    ['zero-width marks between', Array.from(KEY).join('\u200b'), '***'],
    ['another separator', 'q8Rt_Z0__x1.y2.Uv7', '***'],
  ])('masks the key in %s', (_, echo, expected) => {
    expect(cleanText(`it was ${echo} here`, [KEY])).toBe(`it was ${expected} here`)
  })

  it('leaves other texts as they are', () => {
    for (const text of ['q8RtZ0', 'no such file: file-abcdef0123456789', 'aGVsbG8gd29ybGQgaGVsbG8=', KEY.slice(1)]) {
      expect(cleanText(text, [KEY])).toBe(text)
    }
  })

  it('cuts long texts after it has masked them, so that no half of a key is left', () => {
    const text = cleanText(`${'a'.repeat(490)}${'q'.repeat(40)}`, ['q'.repeat(40)])
    expect(text).toBe(`${'a'.repeat(490)}***`)
    expect(cleanText('a'.repeat(100_000), [])).toHaveLength(500)
  })
})
