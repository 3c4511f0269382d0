import { describe, expect, it } from 'vitest'
import { sampleAttempt } from '../../../../test/support/run-records.ts'
import type { AttemptRecord } from '../../../store/port/attempt.ts'
import { describeBatch } from './batch-words.ts'

describe('the state of a batch in words', () => {
  it.each<[string, Partial<AttemptRecord>]>([
    ['planned', { stage: 'planned' }],
    ['waiting for quota', { stage: 'planned', reasonCode: 'queue_full' }],
    ['waiting for quota', { stage: 'uploaded', reasonCode: 'queue_full' }],
    ['waiting for budget', { stage: 'planned', reasonCode: 'over_budget' }],
    ['waiting for budget', { stage: 'uploaded', reasonCode: 'over_day_budget' }],
    ['held for budget', { stage: 'held', reasonCode: 'over_budget' }],
    ['held for budget', { stage: 'held', reasonCode: 'price_unknown' }],
    ['held', { stage: 'held', reasonCode: 'queue_stuck' }],
    ['running', { stage: 'submitted', remoteStatus: 'in_progress' }],
    ['asked directly', { stage: 'collected', kind: 'direct' }],
  ])('is "%s" for %o', (words, attempt) => {
    expect(describeBatch(sampleAttempt(attempt))).toBe(words)
  })
})
