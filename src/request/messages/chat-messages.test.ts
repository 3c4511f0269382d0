import { describe, expect, it } from 'vitest'
import { built, CHAT_ROWS, codes, DEFINITION, LIMITS, rowOf } from '../../../test/support/built-requests.ts'
import type { BuildResult } from '../build-result.ts'
import { createRequestBuilder, type RequestOptions } from '../builder.ts'

describe('a builder with a prompt function', () => {
  const withFunction = async (
    promptFunction: NonNullable<RequestOptions['promptFunction']>,
    system: string | null = null,
  ): Promise<BuildResult> => {
    const definition = { ...DEFINITION, prompt: null, system }
    return await createRequestBuilder({ definition, promptFunction, limitsOf: () => LIMITS })(rowOf('{"text":"x"}'))
  }

  it.each<[name: string, made: ReturnType<NonNullable<RequestOptions['promptFunction']>>, messages: unknown]>([
    ['text', 'hello', [{ role: 'user', content: 'hello' }]],
    ['text later', Promise.resolve('hello'), [{ role: 'user', content: 'hello' }]],
    ['braces', '{{text}}', [{ role: 'user', content: '{{text}}' }]],
    [
      'messages',
      [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
      [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    ],
  ])('sends what it made: %s', async (_name, made, messages) => {
    const result = await withFunction(() => made)
    expect('request' in result && JSON.parse(result.request.body)).toMatchObject({ messages: messages as object[] })
  })

  it('gives it the record and puts the system message first', async () => {
    const result = await withFunction((row) => `about ${String(row['text'])}`, 'Be kind.')
    expect('request' in result && JSON.parse(result.request.body)).toMatchObject({
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'about x' },
      ],
    })
  })

  it.each<[name: string, make: () => unknown, detail: string]>([
    [
      'throws',
      () => {
        throw new Error('no such key')
      },
      'the prompt function failed: no such key',
    ],
    ['rejects', () => Promise.reject(new Error('offline')), 'the prompt function failed: offline'],
    ['returns nothing', () => undefined, 'the prompt function returned absent'],
    ['returns no messages', () => [], 'the prompt function returned an empty list'],
    [
      'returns messages without a role',
      () => [{ role: 'user' }, {}],
      'the prompt function returned a list whose entry 2 is not an object with a "role"',
    ],
  ])('makes it the row’s problem when it %s', async (_name, make, detail) => {
    expect(await withFunction(make as never)).toEqual({
      id: null,
      problems: [{ code: 'prompt_function_failed', line: 3, detail }],
    })
  })

  it('tells of an empty prompt', async () => {
    const result = await withFunction(() => ' ')
    expect('request' in result && result.request.emptyPlaceholders).toBe(true)
  })
})

describe('a builder for chat rows', () => {
  it('passes messages on as they are written', async () => {
    const messages = '[ {"role":"user", "content":"x\\u00e9", "n":12345678901234567890} ]'
    const { body } = await built({ ...CHAT_ROWS, maxTokens: 5 }, `{"tag":"a","messages":${messages}}`)
    expect(body).toBe(`{"model":"gpt-6.1-terra","messages":${messages},"max_completion_tokens":5}`)
  })

  it.each([
    '{}',
    '{"messages":"x"}',
    '{"messages":[]}',
    '{"messages":null}',
    '{"messages":["x"]}',
    '{"messages":[{"content":"x"}]}',
    '{"messages":[{"role":7}]}',
  ])('finds no messages in %s', async (json) => {
    expect(await codes(CHAT_ROWS, json)).toEqual(['missing_messages'])
  })

  it('puts the system message before those of the row, and refuses a second one', async () => {
    const definition = { ...CHAT_ROWS, system: 'Be kind.' }
    const { body } = await built(definition, '{"messages":[{"role":"user","content":"x"}]}')
    expect(JSON.parse(body)).toMatchObject({
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'x' },
      ],
    })
    expect(await codes(definition, '{"messages":[{"role":"developer","content":"x"}]}')).toEqual([
      'system_contradiction',
    ])
  })

  it('finds a lone surrogate in the row’s own escapes', async () => {
    expect(await codes(CHAT_ROWS, '{"messages":[{"role":"user","content":"\\uD800"}]}')).toEqual(['lone_surrogate'])
  })
})
