import { describe, expect, it } from 'vitest'
import { colorsFor } from './colors.ts'
import { fold } from './fold.ts'

const dim = colorsFor({ isTTY: true }, {}).dim

describe('folding', () => {
  it.each([
    ['short lines stay', 'one two\nthree', 'one two\nthree'],
    ['a sentence goes on below', 'one two three four five six', 'one two three four\nfive six'],
    ['a fact goes on below its text', '  Cost   about one dollar', '  Cost   about one\n         dollar'],
    ['and so do its further lines', '         about one dollar', '         about one\n         dollar'],
    ['an indented text keeps its indent', '  user: one two three four', '  user: one two\n  three four'],
    ['a row of a table stays', 'model   cost    batches  and', 'model   cost    batches  and'],
    ['a next command goes on below itself', 'Next: retry a   (sends rows)', 'Next: retry a\n      (sends rows)'],
    ['a word longer than a line stays whole', 'at /a/very/long/path/to/a/file', 'at\n/a/very/long/path/to/a/file'],
    ['wide characters count twice', '漢字漢字漢字 漢字漢字 x', '漢字漢字漢字\n漢字漢字 x'],
  ])('%s', (_, text, expected) => {
    expect(fold(text, 19)).toBe(expected)
  })

  it('does not count colours', () => {
    const text = `  ${dim('Cost')}   about one dollar`
    expect(fold(text, 25)).toBe(text)
    expect(fold(text, 19)).toBe(`  ${dim('Cost')}   about one\n         dollar`)
  })
})
