import { describe, expect, it } from 'vitest'
import { queueFullIn } from './queue-words.ts'

describe('what a refusal tells of the queue', () => {
  it.each([
    [
      'Enqueued token limit reached for gpt-6-luna in organization org-x. Limit: 2,000,000 enqueued tokens. Please try again once some in_progress batches have been completed.',
      2_000_000,
    ],
    ['Enqueued token limit reached for gpt-6-sol. Limit: 90000 enqueued tokens.', 90_000],
    [
      'Enqueued token limit reached for gpt-6.1-terra in organization org-7. Limit: 2,000,000 enqueued tokens.',
      2_000_000,
    ],
    ['Enqueued token limit reached for gpt-4.1-mini in organization org-7. Limit: 2,000,000 tokens.', 2_000_000],
    ['Enqueued token limit reached for gpt-5 in organization org-7.', null],
    ['The limit for gpt-4.1 was reached: 900,000 enqueued tokens.', null],
    ['The limit of 5 batches at once was reached.', null],
    ['Too many batches (limit 100). Enqueued token limit: 900,000.', 900_000],
    ['The enqueued token limit of 30 K was exceeded', 30_000],
    ['limit: 1.350.000 tokens', 1_350_000],
    ['limit is 1.5M tokens', 1_500_000],
    ['You have exceeded your limit.', null],
    ['', null],
  ])('reads %j', (words, limit) => {
    expect(queueFullIn({ code: 'token_limit_exceeded', message: words })).toEqual({ limitTokens: limit })
  })

  it.each([
    ['request_limit_exceeded', 'No.', { limitTokens: null }],
    [null, 'Enqueued token limit reached for gpt-5.', { limitTokens: null }],
    ['invalid_model', 'The limit of 900,000 tokens was reached.', null],
    [null, 'limit: 900,000', null],
  ])('takes %s, %j for %j', (code, message, expected) => {
    expect(queueFullIn({ code, message })).toEqual(expected)
  })
})
