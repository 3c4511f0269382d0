import { describe, expect, it } from 'vitest'
import { sampleBatches } from '../../../../test/support/progress-views.ts'
import { sampleCounts, sampleRun } from '../../../../test/support/run-records.ts'
import type { Progress } from '../../../workspace/progress.ts'
import { progressView } from './progress-view.ts'

const run = { ...sampleRun({ name: 'triage' }), reason: null }
const now = run.createdAt + 600_000

const progress: Progress = {
  run,
  total: 10,
  counts: sampleCounts({ succeeded: 4, batched: 6 }),
  done: 4,
  carried: 0,
  shared: 0,
  batches: sampleBatches({ running: 1 }),
  executedThere: 0,
  oldestOpenAt: now - 60_000,
  nextLookAt: now - 5,
  expiresAt: now + 24 * 3_600_000,
  notes: [
    { batch: 2, text: 'waiting for quota', until: now + 240_000 },
    { batch: 3, text: 'held', until: null },
  ],
}

describe('the view of a moment', () => {
  it('turns instants into durations, none below zero', () => {
    expect(progressView(progress, now)).toMatchObject({
      runId: run.id,
      name: 'triage',
      oldestAgeMs: 60_000,
      nextPollInMs: 0,
      elapsedMs: 600_000,
      notes: ['batch 2: waiting for quota, 4m left', 'batch 3: held'],
    })
  })

  it('speaks of the end of a window only where it is near', () => {
    expect(progressView(progress, now).expiresInMs).toBeNull()
    expect(progressView({ ...progress, expiresAt: now + 3_600_000 }, now).expiresInMs).toBe(3_600_000)
  })

  it('shows what is left until the deadline of the run', () => {
    const timed = { ...progress, run: { ...run, deadline: { at: now + 5_000, windUpAt: now, tail: null } } }
    expect(progressView(progress, now).deadlineInMs).toBeNull()
    expect(progressView(timed, now).deadlineInMs).toBe(5_000)
    expect(progressView(timed, now + 9_000).deadlineInMs).toBe(0)
  })
})
