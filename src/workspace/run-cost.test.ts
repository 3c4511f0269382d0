import { describe, expect, it } from 'vitest'
import { sampleAttempt } from '../../test/support/run-records.ts'
import type { AttemptUsage } from '../store/port/attempt.ts'
import { usageByModel, usedAttemptsOf } from './run-cost.ts'

const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

function usage(parts: Partial<AttemptUsage> = {}): AttemptUsage {
  return {
    answers: 1,
    isLong: false,
    results: 1,
    promptTokens: 10,
    completionTokens: 5,
    cachedTokens: 2,
    reasoningTokens: 1,
    cacheWriteTokens: 0,
    hourWriteTokens: 0,
    withoutUsage: 0,
    ...parts,
  }
}

describe('tokens by model', () => {
  it('add up all attempts of a model, long inputs too, in the order of the names, without attempts that have no results', () => {
    const long = usage({ isLong: true, promptTokens: 300_000 })
    const attempts = [
      sampleAttempt({ key: 1, target: TARGET, usage: [usage(), long] }),
      sampleAttempt({ key: 2, target: { ...TARGET, model: 'gpt-6-luna' }, usage: [usage()] }),
      sampleAttempt({ key: 3, target: TARGET, usage: [usage({ withoutUsage: 1 })] }),
      sampleAttempt({ key: 4, target: { ...TARGET, model: 'gpt-6-sol' } }),
    ]
    const used = usedAttemptsOf(attempts)
    expect(usageByModel(used)).toEqual([
      {
        target: { ...TARGET, model: 'gpt-6-luna' },
        results: 1,
        promptTokens: 10,
        completionTokens: 5,
        cachedTokens: 2,
        reasoningTokens: 1,
        cacheWriteTokens: 0,
        hourWriteTokens: 0,
        withoutUsage: 0,
      },
      {
        target: TARGET,
        results: 3,
        promptTokens: 300_020,
        completionTokens: 15,
        cachedTokens: 6,
        reasoningTokens: 3,
        cacheWriteTokens: 0,
        hourWriteTokens: 0,
        withoutUsage: 1,
      },
    ])
  })
})
