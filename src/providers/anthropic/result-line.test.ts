import { describe, expect, it } from 'vitest'
import { decodeLine, lineOf } from './result-line.ts'

const CHAT = '/v1/chat/completions'

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-5-5',
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'x' },
    { type: 'text', text: 'bil' },
    { type: 'text', text: 'ling' },
  ],
  stop_reason: 'end_turn',
  usage: {
    input_tokens: 10,
    cache_creation_input_tokens: 20,
    cache_read_input_tokens: 70,
    output_tokens: 30,
    output_tokens_details: { thinking_tokens: 25 },
  },
}

function outcomeOf(result: object): unknown {
  const line = JSON.stringify({ custom_id: 'b1', result })
  const decoded = decodeLine(line, CHAT, [])
  expect(decoded?.wireId).toBe('b1')
  return decoded?.outcome
}

function answered(changes: object): unknown {
  return outcomeOf({ type: 'succeeded', message: { ...MESSAGE, ...changes } })
}

describe('a line of results', () => {
  it('is a success with the texts of the answer and all tokens, cached ones among those of the prompt', () => {
    expect(answered({})).toMatchObject({
      status: 'succeeded',
      billed: 'yes',
      output: 'billing',
      finishReason: 'stop',
      model: 'claude-opus-5-5',
      usage: {
        promptTokens: 100,
        completionTokens: 30,
        cachedTokens: 70,
        reasoningTokens: 25,
        cacheWriteTokens: 20,
        hourWriteTokens: 20,
      },
    })
  })

  it('tells what was written to the cache for an hour', () => {
    const cache_creation = { ephemeral_5m_input_tokens: 12, ephemeral_1h_input_tokens: 8 }
    expect(answered({ usage: { ...MESSAGE.usage, cache_creation } })).toMatchObject({
      usage: { cacheWriteTokens: 20, hourWriteTokens: 8 },
    })
  })

  it.each<[changes: object, outcome: object]>([
    [{ stop_reason: 'stop_sequence' }, { status: 'succeeded', finishReason: 'stop' }],
    [{ stop_reason: 'max_tokens' }, { status: 'truncated', output: 'billing' }],
    [
      { stop_reason: 'max_tokens', content: [] },
      { status: 'truncated', output: null },
    ],
    [{ stop_reason: 'model_context_window_exceeded' }, { status: 'truncated' }],
    [
      { stop_reason: 'refusal', content: [] },
      { status: 'refused', code: 'content_filter', billed: 'yes' },
    ],
    [{ stop_reason: 'pause_turn' }, { status: 'failed', code: 'pause_turn', billed: 'yes' }],
    [{ content: [] }, { status: 'failed', code: 'empty_answer' }],
    [{ content: 'x' }, { status: 'failed', code: 'bad_shape' }],
    [
      { stop_reason: 'tool_use', content: [{ type: 'tool_use', id: 't1', name: 'look', input: { at: 1 } }] },
      { status: 'succeeded', finishReason: 'tool_calls', output: expect.stringContaining('look') },
    ],
  ])('with %j is read as %j', (changes, outcome) => {
    expect(answered(changes)).toMatchObject(outcome)
  })

  it.each<[type: string, outcome: object]>([
    ['invalid_request_error', { retryable: false, accountProblem: false }],
    ['authentication_error', { accountProblem: true }],
    ['billing_error', { accountProblem: true }],
    ['rate_limit_error', { retryable: true }],
    ['overloaded_error', { retryable: true }],
    ['a_new_error', { retryable: false }],
  ])('that failed with %s tells the category of the inner error and is not billed', (type, outcome) => {
    const error = { type: 'error', error: { type, message: 'No.' }, request_id: 'req_1' }
    expect(outcomeOf({ type: 'errored', error })).toMatchObject({
      status: 'failed',
      code: type,
      reason: 'No.',
      billed: 'no',
      ...outcome,
    })
  })

  it('that was canceled or expired is not billed', () => {
    expect(outcomeOf({ type: 'canceled' })).toMatchObject({ status: 'cancelled', billed: 'no' })
    expect(outcomeOf({ type: 'expired' })).toMatchObject({ status: 'expired', billed: 'no', retryable: true })
  })

  it('of a kind that is not known is a failure of which nothing is known', () => {
    expect(outcomeOf({ type: 'paused' })).toMatchObject({ status: 'failed', billed: 'unknown' })
  })

  it.each(['', 'null', '[]', '{"custom_id":7}', '{"custom_id":""}', 'x'])('is none: %j', (line) => {
    expect(decodeLine(line, CHAT, [])).toBeUndefined()
  })

  it('that is made of a direct answer is one line', () => {
    expect(lineOf('b1', 'succeeded', '{\n"a":1\n}')).toBe(
      '{"custom_id":"b1","result":{"type":"succeeded","message":{ "a":1 }}}',
    )
  })
})
