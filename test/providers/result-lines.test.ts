import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/model/outcome.ts'
import { decodeResultLine } from '../../src/providers/openai-shape/result-line.ts'

const CHAT = '/v1/chat/completions'
const RESPONSES = '/v1/responses'
const EMBEDDINGS = '/v1/embeddings'

/** What a decoded fixture must show; every field that is not named may be anything. */
type Expected = Partial<Outcome>

const CASES: Readonly<Record<string, readonly [endpoint: string, expected: Expected]>> = {
  'openai/chat-success': [
    CHAT,
    {
      status: 'succeeded',
      output: 'billing',
      billed: 'yes',
      code: null,
      reason: null,
      finishReason: 'stop',
      model: 'gpt-6.1-terra-2026-08-07',
      usage: { promptTokens: 112, completionTokens: 74, cachedTokens: 32, reasoningTokens: 64 },
    },
  ],
  'openai/chat-body-as-text': [
    CHAT,
    {
      status: 'succeeded',
      output: 'billing',
      billed: 'yes',
      model: 'gpt-6.1-terra-2026-08-07',
      usage: { promptTokens: 112, completionTokens: 74, cachedTokens: 32, reasoningTokens: 64 },
    },
  ],
  'openai/embeddings-body-as-text': [
    EMBEDDINGS,
    {
      status: 'succeeded',
      output: '[1.0,-2.50,1e-7]',
      usage: { promptTokens: 5, completionTokens: null, cachedTokens: null, reasoningTokens: null },
    },
  ],
  'openai/chat-length': [
    CHAT,
    { status: 'truncated', output: '{"department": "bil', billed: 'yes', retryable: false, finishReason: 'length' },
  ],
  'openai/chat-length-without-text': [
    CHAT,
    { status: 'truncated', output: null, billed: 'yes', finishReason: 'length' },
  ],
  'openai/chat-refusal': [
    CHAT,
    { status: 'refused', code: 'refusal', reason: 'I am sorry, I cannot help with that.', output: null, billed: 'yes' },
  ],
  'openai/chat-content-filter': [
    CHAT,
    { status: 'refused', code: 'content_filter', output: 'The first', billed: 'yes' },
  ],
  'openai/chat-tool-calls': [
    CHAT,
    {
      status: 'succeeded',
      finishReason: 'tool_calls',
      output: '[{"id":"call_1","type":"function","function":{"name":"route","arguments":"{\\"to\\":\\"billing\\"}"}}]',
    },
  ],
  'openai/chat-empty': [
    CHAT,
    { status: 'failed', code: 'empty_answer', billed: 'yes', retryable: false, output: null },
  ],
  'openai/chat-without-choices': [CHAT, { status: 'failed', code: 'bad_shape', billed: 'unknown', retryable: false }],
  'openai/chat-error-with-status-200': [
    CHAT,
    { status: 'failed', code: 'server_error', reason: 'upstream connect error', billed: 'unknown', retryable: false },
  ],
  'openai/row-unsupported-parameter': [
    CHAT,
    { status: 'failed', code: 'unsupported_parameter', billed: 'no', retryable: false, contentProblem: false },
  ],
  'openai/row-invalid-prompt': [
    CHAT,
    { status: 'failed', code: 'invalid_prompt', billed: 'no', retryable: false, contentProblem: true },
  ],
  'openai/row-rate-limit': [
    CHAT,
    { status: 'failed', code: 'rate_limit_exceeded', billed: 'no', retryable: true, accountProblem: false },
  ],
  'openai/row-insufficient-quota': [
    CHAT,
    { status: 'failed', code: 'insufficient_quota', billed: 'no', accountProblem: true },
  ],
  'openai/row-credit-too-low': [CHAT, { status: 'failed', billed: 'no', accountProblem: true }],
  'openai/row-server-timeout': [CHAT, { status: 'failed', code: 'request_timeout', billed: 'no', retryable: true }],
  'openai/row-server-error-billed': [
    CHAT,
    { status: 'failed', code: 'server_error', billed: 'yes', usage: expect.objectContaining({ promptTokens: 88 }) },
  ],
  'openai/row-status-zero': [CHAT, { status: 'failed', code: 'status_0', billed: 'unknown', retryable: true }],
  'openai/row-expired': [CHAT, { status: 'expired', code: 'batch_expired', billed: 'no', retryable: true }],
  'openai/row-cancelled': [CHAT, { status: 'cancelled', code: 'batch_cancelled', billed: 'no', retryable: false }],
  'openai/row-error-without-answer': [
    CHAT,
    { status: 'failed', code: 'invalid_model', billed: 'unknown', retryable: false },
  ],
  'openai/responses-success': [
    RESPONSES,
    {
      status: 'succeeded',
      output: 'Billing',
      finishReason: 'completed',
      usage: { promptTokens: 90, completionTokens: 40, cachedTokens: 0, reasoningTokens: 32 },
    },
  ],
  'openai/responses-incomplete': [
    RESPONSES,
    { status: 'truncated', output: 'Bill', finishReason: 'max_output_tokens', billed: 'yes' },
  ],
  'openai/responses-refusal': [RESPONSES, { status: 'refused', reason: 'I cannot help with that.', billed: 'yes' }],
  'openai/responses-function-call': [
    RESPONSES,
    { status: 'succeeded', finishReason: 'tool_calls', output: expect.stringContaining('"call_id":"call_1"') },
  ],
  'openai/responses-failed': [RESPONSES, { status: 'failed', code: 'server_error', billed: 'unknown' }],
  'openai/embeddings-success': [
    EMBEDDINGS,
    {
      status: 'succeeded',
      output: '[-0.006929283495992422, 0.0123, -4.547132266452536e-05]',
      usage: { promptTokens: 5, completionTokens: null, cachedTokens: null, reasoningTokens: null },
    },
  ],
  'openai/chat-two-choices': [
    CHAT,
    { status: 'succeeded', output: '["A red \\"kite\\"","A blue kite"]', isJson: true, finishReason: 'stop' },
  ],
  'openai/chat-two-choices-one-cut': [
    CHAT,
    { status: 'truncated', code: 'length', output: '["A red kite","A blue"]', isJson: true, finishReason: 'length' },
  ],
  'openai/chat-two-choices-one-empty': [
    CHAT,
    { status: 'failed', code: 'empty_answer', billed: 'yes', output: '["A red kite",""]', isJson: true },
  ],
  'openai/embeddings-two-inputs': [EMBEDDINGS, { status: 'succeeded', output: '[[0.1],[0.2]]', isJson: true }],
  'openai/embeddings-base64': [EMBEDDINGS, { status: 'succeeded', output: '[0.5,-0.25,0.0078125]', isJson: true }],
  'openai/embeddings-out-of-order': [EMBEDDINGS, { status: 'succeeded', output: '[[0.1],[0.2]]' }],
  'openai/moderations-success': [
    '/v1/moderations',
    { status: 'succeeded', output: expect.stringMatching(/^\{"flagged":false/), isJson: true, usage: null },
  ],
  'openai/moderations-two-inputs': [
    '/v1/moderations',
    { status: 'succeeded', output: expect.stringMatching(/^\[\{"flagged":false.*\{"flagged":true/), isJson: true },
  ],
  'mistral/chat-success': [
    CHAT,
    { status: 'succeeded', output: 'billing', billed: 'yes', model: 'mistral-small-latest' },
  ],
  'mistral/chat-length': [CHAT, { status: 'truncated', output: 'The best French cheese is', billed: 'yes' }],
  'mistral/chat-model-length': [CHAT, { status: 'truncated', finishReason: 'model_length', billed: 'yes' }],
  'mistral/chat-thinking': [CHAT, { status: 'succeeded', output: 'billing' }],
  'mistral/chat-error-finish': [CHAT, { status: 'failed', code: 'answer_error', billed: 'yes' }],
  'mistral/row-validation-detail': [
    CHAT,
    {
      status: 'failed',
      code: 'less_than_equal',
      reason: 'body.temperature: Input should be less than or equal to 1.5',
      billed: 'no',
    },
  ],
  'mistral/row-text-error': [
    CHAT,
    { status: 'failed', reason: 'upstream connect error', billed: 'no', retryable: true },
  ],
  'mistral/embeddings-success': [EMBEDDINGS, { status: 'succeeded', output: '[0.5, -0.25]' }],
  'mistral/embeddings-base64-int8': [
    EMBEDDINGS,
    { status: 'succeeded', output: expect.stringMatching(/^"CzBVe/), isJson: true },
  ],
  'mistral/moderations-success': [
    '/v1/chat/moderations',
    {
      status: 'succeeded',
      output:
        '{"flagged":true,"categories":{"sexual":false,"violence_and_threats":true},' +
        '"category_scores":{"sexual":0.0001,"violence_and_threats":0.97}}',
      isJson: true,
    },
  ],
  'mistral/classifications-success': [
    '/v1/classifications',
    {
      status: 'succeeded',
      output:
        '{"department":{"label":"support","scores":{"billing":0.2,"support":0.7,"sales":0.1}},' +
        '"urgent":{"label":"no","scores":{"yes":0.4,"no":0.6}}}',
      isJson: true,
    },
  ],
  'mistral/fim-success': [
    '/v1/fim/completions',
    { status: 'succeeded', output: 'return a + b', isJson: false, finishReason: 'stop' },
  ],
  'mistral/ocr-success': ['/v1/ocr', { status: 'succeeded', output: expect.stringContaining('# Invoice') }],
}

const folder = new URL('../fixtures/', import.meta.url)
const line = (name: string): string => readFileSync(new URL(`${name}.jsonl`, folder), 'utf8').trimEnd()

describe('a result line', () => {
  it.each(Object.entries(CASES))('%s is decoded as its provider means it', (name, [endpoint, expected]) => {
    const decoded = decodeResultLine(line(name), endpoint, [])
    expect(decoded?.wireId).toMatch(/^bk3f9x2a1/)
    expect(decoded?.outcome).toMatchObject(expected)
  })

  it('has a case for every fixture', () => {
    const names = ['openai', 'mistral'].flatMap((provider) =>
      readdirSync(new URL(provider, folder)).map((file) => `${provider}/${file.replace('.jsonl', '')}`),
    )
    expect(names.toSorted()).toEqual(Object.keys(CASES).toSorted())
  })

  it.each([
    '',
    'null',
    '42',
    '[]',
    '{}',
    '{"custom_id":null}',
    '{"custom_id":7,"response":null,"error":null}',
    '{"custom_id":""}',
    '{"custom_id":"b1","response":{"status_co',
    '<html><body>502 Bad Gateway</body></html>',
    '['.repeat(20_000),
  ])('without a usable id is undefined: %s', (text) => {
    expect(decodeResultLine(text, CHAT, [])).toBeUndefined()
  })

  it.each([
    ['neither answer nor error', '{"custom_id":"b1"}', 'bad_shape'],
    ['an answer that is text', '{"custom_id":"b1","response":"oops"}', 'bad_shape'],
    ['a body that is null', '{"custom_id":"b1","response":{"status_code":200,"body":null}}', 'bad_shape'],
    [
      'another object',
      '{"custom_id":"b1","response":{"status_code":200,"body":{"data":[{"embedding":[1]}]}}}',
      'bad_shape',
    ],
  ])('with %s is a failure that nothing is known to be billed for', (_, text, code) => {
    const outcome = decodeResultLine(text, CHAT, [])?.outcome
    expect(outcome).toMatchObject({ status: 'failed', code, billed: 'unknown', retryable: false, output: null })
  })

  it.each(['9007199254740991', '1e300', '1e400'])(
    'that counts %s tokens is billed, with a count that can be kept',
    (count) => {
      const body = `{"error":{"message":"overloaded"},"usage":{"prompt_tokens":${count},"completion_tokens":-${count}}}`
      const outcome = decodeResultLine(
        `{"custom_id":"b1","response":{"status_code":500,"body":${body}}}`,
        CHAT,
        [],
      )?.outcome
      expect(outcome).toMatchObject({ billed: 'yes', usage: { promptTokens: 1e9, completionTokens: null } })
    },
  )

  it('is a success where the error beside the answer says nothing', () => {
    const text = line('openai/chat-success').replace(/"error": null\}$/, '"error": {"code": null, "message": null}}')
    expect(decodeResultLine(text, CHAT, [])?.outcome.status).toBe('succeeded')
  })

  it('is not a success where an error stands beside the answer', () => {
    const text = line('openai/chat-success').replace(/"error": null\}$/, '"error": {"code": "oops", "message": "no"}}')
    expect(decodeResultLine(text, CHAT, [])?.outcome).toMatchObject({ status: 'failed', code: 'oops', billed: 'yes' })
  })

  it('of many megabytes keeps its whole text', () => {
    const text = line('openai/chat-success').replace('"billing"', JSON.stringify('x\u2028'.repeat(2_000_000)))
    expect(decodeResultLine(text, CHAT, [])?.outcome.output).toHaveLength(4_000_000)
  })

  it('never lets a provider echo the key into a reason', () => {
    const text = line('openai/row-invalid-prompt').replace('Invalid prompt', 'secret-key-0123456789 is wrong')
    expect(decodeResultLine(text, CHAT, ['secret-key-0123456789'])?.outcome.reason).toMatch(/^\*\*\* is wrong/)
  })
})
