import { array, assert, constantFrom, integer, nat, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { displayWidth, fitted, wrapped } from './width.ts'

const TEXTS = string({
  unit: constantFrom('a', ' ', '漢', '한', 'e\u0301', '👩‍👩‍👧', '🇳🇴', '❤️', '\u200b', 'ﾞ'),
  maxLength: 30,
})

describe('cells', () => {
  it.each([
    ['plain', 5],
    ['\x1b[1mbold\x1b[22m', 4],
    ['漢字', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['\u200b', 0],
    ['soft\u00adhyphen', 10],
    // A Korean syllable as macOS writes it in file names: one character in three parts.
    ['\u1112\u1161\u11ab', 2],
  ])('of %j are %i', (text, cells) => {
    expect(displayWidth(text)).toBe(cells)
  })

  it.each([
    ['漢字漢字', 4, '漢…'],
    ['漢字漢字', 5, '漢字…'],
    ['a👩‍👩‍👧b', 3, 'a…'],
    ['hello', 1, '…'],
    ['hello', 0, ''],
    ['hello', 5, 'hello'],
  ])('of %s, cut to %i, hold %s', (text, cells, expected) => {
    expect(fitted(text, cells)).toBe(expected)
  })

  it('are never more than asked for, whatever the text', () => {
    assert(
      property(TEXTS, nat(20), (text, cells) => {
        expect(displayWidth(fitted(text, cells))).toBeLessThanOrEqual(cells)
      }),
    )
    assert(
      property(array(TEXTS), integer({ min: 6, max: 20 }), (pieces, cells) => {
        for (const line of wrapped(pieces, cells, ', ', '  ')) expect(displayWidth(line)).toBeLessThanOrEqual(cells)
      }),
    )
  })
})
