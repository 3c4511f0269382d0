import { describe, expect, it } from 'vitest'
import { emptyOutcome, type Outcome } from '../model/outcome.ts'
import { judgeCanary } from './canary.ts'

const ANSWERED = emptyOutcome({ status: 'succeeded', code: null, reason: null, billed: 'yes' })
const REFUSED = emptyOutcome({ status: 'failed', code: 'unsupported_value', reason: 'no temperature', billed: 'no' })
const NO_CREDIT = { ...REFUSED, code: 'insufficient_quota', retryable: true, accountProblem: true }
const PASSING = { ...REFUSED, code: 'server_error', retryable: true }
const CONTENT = { ...REFUSED, code: 'content_policy_violation', contentProblem: true }
const CUT = emptyOutcome({ status: 'truncated', code: 'length', reason: 'cut off', billed: 'yes' })
const INVALID = emptyOutcome({ status: 'invalid', code: 'schema', reason: 'no label', billed: 'yes' })
const SHAPELESS = emptyOutcome({ status: 'failed', code: 'bad_shape', reason: 'no answer', billed: 'unknown' })

function rows(...parts: readonly (readonly [number, Outcome])[]): readonly Outcome[] {
  return parts.flatMap(([count, outcome]) => Array.from({ length: count }, () => outcome))
}

describe('the canary', () => {
  it.each<[string, readonly Outcome[], boolean]>([
    ['all rows are refused', rows([10, REFUSED]), true],
    ['most rows are refused', rows([4, ANSWERED], [6, REFUSED]), true],
    ['most rows are refused for different reasons', rows([3, REFUSED], [3, NO_CREDIT], [4, ANSWERED]), true],
    ['the account has no credit', rows([10, NO_CREDIT]), true],
    ['half of the rows are refused', rows([5, ANSWERED], [5, REFUSED]), false],
    ['one odd row has parameters of its own', rows([1, REFUSED]), false],
    ['failures pass', rows([10, PASSING]), false],
    ['content is refused', rows([10, CONTENT]), false],
    ['all answers are cut', rows([10, CUT]), true],
    ['no answer can be used', rows([4, CUT], [3, SHAPELESS], [3, INVALID]), true],
    ['one answer can be used', rows([9, CUT], [1, ANSWERED]), false],
    ['the answers that can be used failed in passing', rows([9, CUT], [1, PASSING]), false],
    ['two answers are cut', rows([2, CUT]), false],
    ['nothing was answered', [], false],
  ])('judges the run where %s', (_, outcomes, isStopped) => {
    expect(judgeCanary(outcomes, 10) !== null).toBe(isStopped)
  })

  it('is content with fewer refusals where fewer rows were wanted', () => {
    expect(judgeCanary(rows([1, REFUSED]), 1)).not.toBeNull()
  })

  it('counts answers that cannot be used, by what they are', () => {
    expect(judgeCanary(rows([7, CUT], [3, SHAPELESS]), 10)).toMatchObject({
      kind: 'canary_unusable',
      asked: 10,
      counts: { truncated: 7, bad_shape: 3 },
    })
  })

  it('names the most frequent code and the words of one row', () => {
    expect(judgeCanary(rows([2, NO_CREDIT], [7, REFUSED], [1, ANSWERED]), 10)).toEqual({
      kind: 'canary_refused',
      refused: 9,
      asked: 10,
      code: 'unsupported_value',
      example: 'no temperature',
      failed: 7,
    })
  })
})
