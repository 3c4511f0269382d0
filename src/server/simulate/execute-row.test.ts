import { describe, expect, it } from 'vitest'
import type { DialectName } from '../state/record.ts'
import { type RowResult, simulateRow } from './execute-row.ts'

function ask(prompt: string, body: object = {}, dialect: DialectName = 'openai', model = 'my-own-model'): RowResult {
  const request = { model, messages: [{ role: 'user', content: prompt }], ...body }
  const endpoint = '/v1/chat/completions'
  return simulateRow({ dialect, endpoint, model, body: request, createdAt: 0 }, new Map())
}

function choice(prompt: string, body: object = {}): unknown {
  const result = ask(prompt, body)
  return result.fate === 'answered' && 'choices' in result.body
    ? (result.body as { readonly choices: readonly unknown[] }).choices[0]
    : result
}

describe('a simulated answer', () => {
  it('is the same for the same request and marked as simulated', () => {
    expect(ask('Say hello')).toEqual(ask('Say hello'))
    expect(ask('Say hello')).not.toEqual(ask('Say goodbye'))
    expect(choice('Say hello')).toMatchObject({
      message: { content: expect.stringMatching(/^\[simulated\] [0-9a-f]{12}$/) },
    })
  })

  it.each([
    ['Is the tone one of: happy, sad or angry? He was sad.', /^\[simulated\] sad$/],
    ['Answer with one of "yes", "no".', /^\[simulated\] (yes|no)$/],
    ['Pick one of these labels: spam / ham\nText: ham and eggs', /^\[simulated\] ham$/],
  ])('picks an option where the prompt lists some: %s', (prompt, expected) => {
    expect(choice(prompt)).toMatchObject({ message: { content: expect.stringMatching(expected) } })
  })

  it('satisfies a JSON schema', () => {
    const schema = {
      type: 'object',
      properties: {
        label: { enum: ['bug', 'question'] },
        score: { type: 'integer', minimum: 1, maximum: 5 },
        tags: { type: 'array', items: { $ref: '#/$defs/tag' }, minItems: 2 },
        note: { anyOf: [{ type: 'string', maxLength: 4 }, { type: 'null' }] },
      },
      $defs: { tag: { type: 'object', properties: { name: { const: 'x' } } } },
    }
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema } }
    const { message } = choice('I have a question', { response_format: format }) as { message: { content: string } }
    expect(JSON.parse(message.content)).toEqual({
      label: 'question',
      score: expect.toSatisfy((score: number) => Number.isInteger(score) && score >= 1 && score <= 5),
      tags: [{ name: 'x' }, { name: 'x' }],
      note: 'simu',
    })
  })

  it('is cut at the token limit of the request', () => {
    expect(choice('Say hello', { max_tokens: 2 })).toMatchObject({
      finish_reason: 'length',
      message: { content: '[simulat' },
    })
  })
})

describe('a directive', () => {
  it.each([
    ['length', { finish_reason: 'length' }],
    ['refusal', { finish_reason: 'stop', message: { content: null, refusal: expect.stringContaining('sorry') } }],
    ['tool_call', { finish_reason: 'tool_calls', message: { content: null, tool_calls: [{ type: 'function' }] } }],
    ['content_filter', { finish_reason: 'content_filter' }],
    ['empty', { finish_reason: 'stop', message: { content: '' } }],
    ['invalid_json', { message: { content: '{"simulated": tru' } }],
  ])('%s shapes the answer', (wish, expected) => {
    expect(choice(`x [[simulate: ${wish}]]`)).toMatchObject(expected)
  })

  it.each([
    ['status=429', 429, 'rate_limit_exceeded'],
    ['error 503', 503, 'service_unavailable'],
  ])('%s fails the row, unbilled', (wish, status, code) => {
    expect(ask(`[[simulate: ${wish}]]`)).toMatchObject({ status, body: { error: { code } }, billed: null })
  })

  it('that is unknown is ignored', () => {
    expect(choice('[[simulate: magic]]')).toMatchObject({ finish_reason: 'stop' })
  })
})

describe('a parameter the model does not take', () => {
  it.each([
    ['gpt-6.1-terra', { max_tokens: 5 }, 'unsupported_parameter'],
    ['gpt-5.6-luna', { temperature: 0.1 }, 'unsupported_value'],
    ['gpt-6-luna', { logprobs: true }, 'unsupported_parameter'],
  ])('is refused for %s', (model, body, code) => {
    expect(ask('x', body, 'openai', model)).toMatchObject({ status: 400, body: { error: { code } }, billed: null })
  })

  it.each([
    ['gpt-6.1-terra', { max_completion_tokens: 100, temperature: 1 }],
    ['gpt-6-chat-latest', { max_tokens: 100, temperature: 0.1 }],
    ['my-own-model', { max_tokens: 100, temperature: 0.1 }],
  ])('is not seen where %s takes it', (model, body) => {
    expect(ask('x', body, 'openai', model)).toMatchObject({ status: 200 })
  })

  it('is refused in Mistral’s words', () => {
    expect(ask('x', { max_completion_tokens: 5 }, 'mistral', 'mistral-small-latest')).toMatchObject({ status: 422 })
  })
})
