import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainLine, plainText, visibleText } from './plain-text.ts'

describe('plainText', () => {
  it.each([
    ['a colour', '\x1b[31mred\x1b[0m', 'red'],
    ['a clipboard write ended by BEL', 'a\x1b]52;c;aGk=\x07b', 'ab'],
    ['a link ended by ST', '\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\', 'click'],
    ['eight-bit controls', '\x9b2Ja\x9d0;title\x9cb', 'ab'],
    ['a device control string', 'a\x1bP1$r0m\x1b\\b', 'ab'],
    ['a full reset', 'a\x1bcb', 'ab'],
    ['an unfinished string, of which only the escape goes', 'a\x1b]52;c;x', 'a52;c;x'],
    ['bidi overrides', 'user\u202etxt.exe\u2066\u200f', 'usertxt.exe'],
    ['a carriage return and a backspace', 'done\r\b\0lie', 'donelie'],
  ])('removes %s', (_, text, expected) => {
    expect(plainText(text)).toBe(expected)
  })

  it('keeps tabs, line feeds and every script', () => {
    const text = 'a\tb\nÄ 漢字 שלום 👩‍👩‍👧 \u2028'
    expect(plainText(text)).toBe(text)
  })

  it('never leaves a control character, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plainText(`\x1b]${text}\x1b[${text}`)).not.toMatch(/(?![\t\n])\p{Cc}|[\u202a-\u202e]/u)
      }),
    )
  })
})

describe('visibleText', () => {
  it('shows each control character and reordering mark, and keeps JSON the same value', () => {
    expect(visibleText('a\x1b]52;c;x\x07\u202e\x9b2J\t\n')).toBe('a\\u001b]52;c;x\\u0007\\u202e\\u009b2J\t\n')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = visibleText(JSON.stringify(text))
        expect(shown).not.toMatch(/(?![\t\n])\p{Cc}|[\u202a-\u202e]/u)
        expect(JSON.parse(shown)).toBe(text)
      }),
    )
  })
})

describe('plainLine', () => {
  it('puts text on one line and cuts it without splitting a character', () => {
    expect(plainLine('  a\n\n b\tc\u2028d ')).toBe('a b c d')
    expect(plainLine('👍👍👍👍', 3)).toBe('👍👍…')
    expect(plainLine('abc', 3)).toBe('abc')
  })

  it('marks a long text as cut even where its beginning is all white space', () => {
    expect(plainLine(`${' '.repeat(5_000)}word`, 10)).toBe('…')
  })
})
