import type { ProgressView } from '../../src/cli/render/progress/progress-view.ts'
import { sampleCounts } from './run-records.ts'

const NO_BATCHES: ProgressView['batches'] = {
  planned: 0,
  asking: 0,
  uploading: 0,
  waiting: 0,
  unfunded: 0,
  unconfirmed: 0,
  queued: 0,
  running: 0,
  finalizing: 0,
  checking: 0,
  held: 0,
  collected: 0,
}

/** Batches in these phases; the other phases are empty. */
export function sampleBatches(parts: Partial<ProgressView['batches']> = {}): ProgressView['batches'] {
  return { ...NO_BATCHES, ...parts }
}

/** A run half done, with nine batches. */
export function sampleView(parts: Partial<ProgressView> = {}): ProgressView {
  return {
    runId: 'k3f9-2026-11-23',
    name: null,
    total: 52_000,
    byStatus: sampleCounts({ succeeded: 25_900, failed: 100, batched: 26_000 }),
    batches: sampleBatches({ queued: 2, running: 3, collected: 4 }),
    executedThere: 0,
    oldestAgeMs: 4_800_000,
    nextPollInMs: 12_000,
    expiresInMs: null,
    deadlineInMs: null,
    notes: [],
    elapsedMs: 750_000,
    ...parts,
  }
}
