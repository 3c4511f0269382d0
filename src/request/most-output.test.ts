import { describe, expect, it } from 'vitest'
import { mostOutputTokens } from './most-output.ts'

describe('mostOutputTokens', () => {
  it.each([
    [{}, null],
    [{ max_tokens: null, n: 3 }, null],
    [{ max_tokens: '9' }, null],
    [{ max_tokens: 100 }, 100],
    [{ max_completion_tokens: 200, max_tokens: 100 }, 200],
    [{ max_output_tokens: 50, n: 3 }, 150],
    [{ max_tokens: 50, n: 1, best_of: 4 }, 200],
  ])('of %j is %j', (body, expected) => {
    expect(mostOutputTokens(body, { provider: 'openai', endpoint: '/v1/chat/completions', model: 'm' })).toBe(expected)
  })

  it('is what the adapter says where a provider wants a number and the body has none', () => {
    const target = { provider: 'anthropic', endpoint: '/v1/chat/completions', model: 'claude-haiku-4-5' }
    expect(mostOutputTokens({}, target)).toBe(8_192)
    expect(mostOutputTokens({ max_tokens: 7 }, target)).toBe(7)
  })
})
