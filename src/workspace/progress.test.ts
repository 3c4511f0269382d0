import { describe, expect, it } from 'vitest'
import { sampleAttempt, sampleCounts, sampleRun } from '../../test/support/run-records.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunStore } from '../store/store.ts'
import { progressOf } from './progress.ts'

/** What is told of a run with this one batch. */
async function progressWith(attempt: Partial<AttemptRecord>) {
  const store: Pick<RunStore, 'record' | 'counts' | 'currentAttempts'> = {
    record: async () => sampleRun(),
    counts: async () => sampleCounts(),
    currentAttempts: async () => [sampleAttempt({ batch: 3, reason: { kind: 'waiting' }, nextAt: 9_000, ...attempt })],
  }
  return await progressOf(store, ({ kind }) => `told: ${kind}`)
}

describe('the progress of a run', () => {
  it.each<[string, Partial<AttemptRecord>, 'waiting' | 'unfunded' | 'held', number | null]>([
    ['quota, without an end', { stage: 'uploaded', reasonCode: 'queue_full' }, 'waiting', null],
    ['budget, without an end', { stage: 'uploaded', reasonCode: 'over_budget' }, 'unfunded', null],
    ['a person, without an end', { stage: 'held', reasonCode: 'over_budget' }, 'held', null],
  ])('tells a wait for %s', async (_, attempt, phase, until) => {
    const { batches, notes } = await progressWith(attempt)
    expect(batches[phase]).toBe(1)
    expect(notes).toEqual([{ batch: 3, text: 'told: waiting', until }])
  })

  it('tells until when a call that failed is waited for', async () => {
    const { batches, notes } = await progressWith({ stage: 'uploaded', reasonCode: 'throttled' })
    expect(batches).toMatchObject({ uploading: 1, waiting: 0, unfunded: 0 })
    expect(notes).toEqual([{ batch: 3, text: 'told: waiting', until: 9_000 }])
  })
})
