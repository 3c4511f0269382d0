import { expect, it } from 'vitest'
import { colorsFor } from './colors.ts'
import { renderTable } from './table.ts'

const COLUMNS = [{ title: 'batch', isNumeric: true }, { title: 'state' }, { title: 'requests', isNumeric: true }]
const PLAIN = colorsFor({}, {})

it('sets numbers to the right, and what is wide or coloured by the cells it takes', () => {
  const rows = [
    ['1', '漢字', '50,000'],
    ['12', '\x1b[31mheld\x1b[39m', '7'],
  ]
  expect(renderTable(COLUMNS, rows, PLAIN).split('\n')).toEqual([
    'batch  state  requests',
    '    1  漢字     50,000',
    '   12  \x1b[31mheld\x1b[39m          7',
  ])
})

it('gives a row as many lines as the highest of its cells, and no line blanks at its end', () => {
  expect(
    renderTable(
      COLUMNS.slice(0, 2),
      [
        ['1', 'held\nby hand'],
        ['2', ''],
      ],
      PLAIN,
    ).split('\n'),
  ).toEqual(['batch  state', '    1  held', '       by hand', '    2'])
})

it('shows its headings where there is no row', () => {
  expect(renderTable(COLUMNS, [], PLAIN)).toBe('batch  state  requests')
})
