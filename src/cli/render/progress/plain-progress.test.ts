import { describe, expect, it } from 'vitest'
import { sampleBatches, sampleView } from '../../../../test/support/progress-views.ts'
import { sampleCounts } from '../../../../test/support/run-records.ts'
import { colorsFor } from '../terminal/colors.ts'
import { PlainProgress } from './plain-progress.ts'
import type { ProgressView } from './progress-view.ts'

function linesFor(...views: readonly Partial<ProgressView>[]): readonly string[] {
  const lines: string[] = []
  const progress = new PlainProgress((line) => lines.push(line), colorsFor({}, {}))
  for (const view of views) progress.show(sampleView(view))
  return lines
}

const more = sampleCounts({ succeeded: 30_000 })

describe('plain progress', () => {
  it('says everything on one line', () => {
    expect(linesFor({ notes: ['batch 3: two\nlines'] })).toEqual([
      '[12m 30s] 26,000 of 52,000 rows (50%); 25,900 succeeded, 100 failed; ' +
        'batches: 2 queued, 3 running, 4 collected; batch 3: two lines\n',
    ])
  })

  it.each<[string, number, Partial<ProgressView>, Partial<ProgressView>]>([
    ['nothing changed, however long', 1, { elapsedMs: 0 }, { elapsedMs: 3_600_000 }],
    ['only rows changed, a moment ago', 1, { elapsedMs: 0 }, { elapsedMs: 29_999, byStatus: more }],
    ['rows changed and 30 seconds passed', 2, { elapsedMs: 0 }, { elapsedMs: 30_000, byStatus: more }],
    ['a batch changed its state', 2, { elapsedMs: 0 }, { elapsedMs: 1, batches: sampleBatches({ running: 1 }) }],
    ['a note came', 2, { elapsedMs: 0 }, { elapsedMs: 1, notes: ['batch 1: held'] }],
    [
      'a note only counts down',
      1,
      { elapsedMs: 0, notes: ['batch 1: confirming, 4m left'] },
      { elapsedMs: 1_000, notes: ['batch 1: confirming, 3m left'] },
    ],
  ])('where %s has written %i line(s)', (_, expected, first, second) => {
    expect(linesFor(first, second)).toHaveLength(expected)
  })

  it('ends with the last moment, once', () => {
    const lines: string[] = []
    const progress = new PlainProgress((line) => lines.push(line), colorsFor({}, {}))
    progress.show(sampleView())
    progress.finish(sampleView({ elapsedMs: 750_001, byStatus: more }))
    progress.finish(sampleView({ elapsedMs: 750_002, byStatus: more }))
    expect(lines.map((line) => line.slice(0, 20))).toEqual(['[12m 30s] 26,000 of ', '[12m 30s] 30,000 of '])
  })
})
