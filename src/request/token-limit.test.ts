import { describe, expect, it } from 'vitest'
import { withTokenLimit } from './token-limit.ts'

describe('another limit of tokens', () => {
  it.each([
    ['{"model":"m","max_tokens":5}', '{"model":"m","max_tokens":90}'],
    ['{"max_completion_tokens": 5 ,"model":"m"}', '{"max_completion_tokens": 90 ,"model":"m"}'],
    ['{"max_output_tokens":null,"input":"a"}', '{"max_output_tokens":90,"input":"a"}'],
    ['{"max_tokens":5,"n":2,"max_completion_tokens":7}', '{"max_tokens":90,"n":2,"max_completion_tokens":90}'],
    ['{"model":"m","seed":9007199254740993}', '{"model":"m","seed":9007199254740993,"max_completion_tokens":90}'],
    ['{"messages":[{"max_tokens":5}]}', '{"messages":[{"max_tokens":5}],"max_completion_tokens":90}'],
    ['{}', '{"max_completion_tokens":90}'],
  ])('makes of %s %s', (body, changed) => {
    expect(withTokenLimit(body, 'openai', 'max_completion_tokens', 90)).toBe(changed)
  })
})
