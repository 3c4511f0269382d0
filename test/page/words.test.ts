import { describe, expect, it } from 'vitest'
import { bytes, counted, dollars } from '../../page/words/quantity.ts'
import { phaseWord, standingOfBatch, standingOfRun } from '../../page/words/states.ts'
import { duration } from '../../page/words/time.ts'
import * as terminal from '../../src/cli/render/terminal/quantity.ts'
import { describeBatch, describeBatches } from '../../src/cli/render/words/batch-words.ts'
import { describeState } from '../../src/cli/render/words/state-words.ts'
import { formatDuration } from '../../src/lib/duration.ts'
import { RUN_STATES } from '../../src/model/run.ts'
import * as prices from '../../src/prices/dollars.ts'
import type { BatchBar, RunSummary } from '../../src/ui/contract.ts'
import { BATCH_PHASES } from '../../src/workspace/progress.ts'
import { sampleAttempt } from '../support/run-records.ts'

/** The page shares no code with the command, so what it says alike is compared. */
describe('the words of the page are those of the command', () => {
  it.each(BATCH_PHASES)('for a batch that is %s', (phase) => {
    const counts = Object.fromEntries(BATCH_PHASES.map((each) => [each, each === phase ? 1 : 0]))
    expect(describeBatches(counts as Record<(typeof BATCH_PHASES)[number], number>)).toEqual([`1 ${phaseWord(phase)}`])
  })

  it.each([
    { stage: 'rejected' },
    { stage: 'abandoned' },
    { stage: 'cancelled' },
    { stage: 'submitted', remoteStatus: 'cancelling' },
    { stage: 'collected', kind: 'direct' },
    { stage: 'collected', kind: 'carried' },
  ] as const)('for a batch that ended as %o', (facts) => {
    const attempt = sampleAttempt(facts)
    const bar = { ...attempt, phase: 'collected' } as unknown as BatchBar
    expect(standingOfBatch(bar).word).toBe(describeBatch(attempt))
  })

  it.each(RUN_STATES)('for a run that is %s', (state) => {
    const run = { state, isLeft: false, failedRows: 0 } as RunSummary
    expect(standingOfRun(run).word).toBe(describeState(state))
  })

  it('for numbers, sums, sizes and times', () => {
    expect([0, 1, 1_234_567].map((value) => counted(value, 'row'))).toEqual(
      [0, 1, 1_234_567].map((value) => terminal.counted(value, 'row')),
    )
    const sums = [null, 0, 0.0000001, 0.00123, 0.5, 1_234.5]
    expect(sums.map(dollars)).toEqual(sums.map(prices.dollars))
    const sizes = [0, 999, 1_500, 12_345_678, 5e13]
    expect(sizes.map(bytes)).toEqual(sizes.map(terminal.bytes))
    const times = [1_000, 61_000, 3_600_000, 7_260_000, 90_000_000]
    expect(times.map(duration)).toEqual(times.map(formatDuration))
  })
})
