import { describe, expect, it } from 'vitest'
import { sampleResult, sampleRow } from '../../../../test/support/row-outcomes.ts'
import { rowLooker } from '../../../results/row-view.ts'
import { RowSumming } from '../../../results/summarise.ts'
import { colorsFor } from '../terminal/colors.ts'
import { renderSummary } from './summary-view.ts'

const PLAIN = colorsFor({ isTTY: false }, {})

/** A summary of rows that succeeded with these answers, and of one that failed for each of these reasons. */
function rendered(answers: readonly string[], reasons: readonly string[] = [], width = 80): string {
  const summing = new RowSumming()
  const look = rowLooker(() => 0.5)
  for (const output of answers) summing.add(look(sampleRow(0, { result: sampleResult({ output }) })))
  for (const reason of reasons) {
    summing.add(look(sampleRow(0, { result: sampleResult({ status: 'failed', code: '400', reason, output: null }) })))
  }
  return renderSummary(summing.result(), width, PLAIN)
}

function numbered(count: number, word: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${index}`)
}

describe('a summary', () => {
  it('lists labels with their share, and says what is left out', () => {
    const labels = numbered(25, 'label').flatMap((label) => [label, label])
    expect(rendered(labels)).toMatch(/output\nrows +share +value\n +2 +4% +label 0 +█/)
    expect(rendered(labels)).toContain('and 5 more values in 10 answers\n')
  })

  it('has one line for answers that are no labels', () => {
    expect(rendered(numbered(30, 'text'))).toContain('output: 30 different values in 30 answers\n')
    expect(rendered(numbered(1_001, 'text'))).toContain('output: more than 1,000 different values in 1,001 answers\n')
    expect(rendered(['x'.repeat(101), 'y'.repeat(200)])).toContain('output: 2 answers longer than 100 characters\n')
    expect(rendered(numbered(30, '').map((n) => `{"score":${n}}`))).toContain(
      'output.score: numbers from 0 to 29, 14.5 on average\n',
    )
  })

  it('lists the most frequent causes, and counts the others', () => {
    const text = rendered([], ['slow', 'slow', ...numbered(1_020, 'cause')])
    expect(text).toMatch(/rows +status +cause +for example\n +2 +failed +400: slow +1\n/)
    expect(text).toContain('and 1,001 rows with other causes\n')
  })

  it('breaks statuses between words, and cuts the rest to the width', () => {
    const lines = rendered(['a', 'a'], ['x'.repeat(300)], 40).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
  })
})
