import { describe, expect, it } from 'vitest'
import { columnWidths } from './column-widths.ts'

describe('column widths', () => {
  it.each([
    ['all that is wanted where there is room', [5, 10, 3], 30, [5, 10, 3]],
    ['small ones whole, the others alike', [5, 100, 100], 45, [5, 20, 20]],
    ['what a small one leaves', [100, 4], 20, [16, 4]],
    ['the odd cell to the last', [50, 50], 11, [5, 6]],
    ['never nothing', [9, 9, 9], 2, [1, 1, 1]],
    ['of no columns', [], 80, []],
  ])('are %s', (_, wanted, available, expected) => {
    expect(columnWidths(wanted, available)).toEqual(expected)
  })
})
