import { describe, expect, it } from 'vitest'
import { answerColumns } from './answer-columns.ts'

describe('our columns', () => {
  it('have fixed names after the prefix', () => {
    expect(answerColumns('second_')).toEqual([
      'second_output',
      'second_status',
      'second_error',
      'second_finish_reason',
      'second_prompt_tokens',
      'second_completion_tokens',
      'second_cost_usd',
      'second_model',
      'second_id',
      'second_attempt',
    ])
  })
})
