import { describe, expect, it } from 'vitest'
import { describeFitness, judgeModel } from './model-fitness.ts'

const NOW = Date.UTC(2026, 10, 28, 12)
const HOUR = 3_600_000
const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6-luna' }

function judged(leftHours: number | null, canBatch: boolean | null = null, windowHours = 24) {
  const endsAt = leftHours === null ? null : new Date(NOW + leftHours * HOUR)
  return judgeModel(TARGET, { endsAt, canBatch }, { now: NOW, windowHours })
}

describe('a model', () => {
  it.each([
    ['is fit where nothing is told of it', judged(null), 'fit'],
    ['is fit where batches take it', judged(null, true), 'fit'],
    ['is not for batches where they do not take it, whenever it ends', judged(10_000, false), 'not_batched'],
    ['ends too soon when it has ended', judged(-1), 'ends_too_soon'],
    ['ends too soon when it ends with the window', judged(24), 'ends_too_soon'],
    ['ends soon just after the window', judged(24.1), 'ends_soon'],
    ['ends too soon for a longer window', judged(100, null, 168), 'ends_too_soon'],
    ['ends soon until thirty days are left', judged(30 * 24), 'ends_soon'],
    ['is fit before that', judged(30 * 24 + 1), 'fit'],
  ])('%s', (_, { fitness }, expected) => {
    expect(fitness).toBe(expected)
  })

  it('is described with the day of its end', () => {
    expect(describeFitness(judged(null), NOW)).toBeNull()
    expect(describeFitness(judged(-12), NOW)).toBe('openai/gpt-6-luna has ended on 2026-11-28')
    expect(describeFitness(judged(20), NOW)).toMatch(
      /ends on 2026-11-29, and a batch that is sent now may take 24 hours/,
    )
    expect(describeFitness(judged(13 * 24), NOW)).toMatch(/ends on 2026-12-11, in 13 days/)
    expect(describeFitness(judged(null, false), NOW)).toMatch(/does not take openai\/gpt-6-luna in batches/)
  })
})
