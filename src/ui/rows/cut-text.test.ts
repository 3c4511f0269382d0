import { expect, it } from 'vitest'
import { cutOrNull, cutText } from './cut-text.ts'

it('cuts a long text and no character of it in two', () => {
  expect(cutText('abc', 3)).toEqual({ text: 'abc', isCut: false })
  expect(cutText('abcd', 3)).toEqual({ text: 'abc', isCut: true })
  expect(cutText('ab😀cd', 3)).toEqual({ text: 'ab', isCut: true })
  expect(cutText('ab😀cd', 4)).toEqual({ text: 'ab😀', isCut: true })
  expect(cutOrNull(null, 3)).toBeNull()
})
