import { describe, expect, it } from 'vitest'
import type { Row } from '../model/row.ts'
import type { Target } from '../model/target.ts'
import type { Limits } from '../providers/provider.ts'
import type { BuildResult, BuiltRequest } from './build-result.ts'
import { createRequestBuilder, type RequestOptions } from './builder.ts'

type Definition = RequestOptions['definition']

const CHAT = '/v1/chat/completions'

const DEFINITION: Definition = {
  provider: 'openai',
  model: 'gpt-5-mini',
  shape: 'records',
  prompt: 'Sum up: {{text}}',
  system: null,
  maxTokens: null,
  temperature: null,
  parameters: {},
  idColumn: null,
}

const CHAT_ROWS: Definition = { ...DEFINITION, shape: 'chat', prompt: null }

const PROVIDER_ROWS: Definition = { ...DEFINITION, shape: 'provider', prompt: null, model: null }

describe('a builder for records', () => {
  it('sends model and prompt, and nothing that was not set', async () => {
    const request = await built(DEFINITION, '{"text":"a \\"b\\"\\n😀"}')
    expect(request).toEqual({
      id: null,
      target: { provider: 'openai', endpoint: CHAT, model: 'gpt-5-mini' },
      body: '{"model":"gpt-5-mini","messages":[{"role":"user","content":"Sum up: a \\"b\\"\\n😀"}]}',
      emptyPlaceholders: false,
    })
  })

  it('sends what was set, in the provider’s words', async () => {
    const definition = { ...DEFINITION, maxTokens: 100, temperature: 0, parameters: { top_p: 0.5, stop: ['x'] } }
    expect(JSON.parse((await built(definition, '{"text":"x"}')).body)).toEqual({
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content: 'Sum up: x' }],
      max_completion_tokens: 100,
      temperature: 0,
      top_p: 0.5,
      stop: ['x'],
    })
  })

  it('lets a parameter by name win over the option for it, without writing it twice', async () => {
    const { body } = await built({ ...DEFINITION, temperature: 0, parameters: { temperature: 1 } }, '{"text":"x"}')
    expect(body).toContain('"temperature":1')
    expect(body.split('"temperature"')).toHaveLength(2)
  })

  it('leaves the model out where it is named on the job', async () => {
    const { body } = await built(DEFINITION, '{"text":"x"}', { modelOn: 'job' })
    expect(body).toBe('{"messages":[{"role":"user","content":"Sum up: x"}]}')
  })

  it('fills a system template too', async () => {
    const { body } = await built(
      { ...DEFINITION, system: 'Answer in {{language}}.' },
      '{"text":"x","language":"German"}',
    )
    expect(JSON.parse(body)).toMatchObject({
      messages: [
        { role: 'system', content: 'Answer in German.' },
        { role: 'user', content: 'Sum up: x' },
      ],
    })
  })

  it('tells of a prompt whose placeholders are all empty', async () => {
    expect((await built(DEFINITION, '{"text":null}')).emptyPlaceholders).toBe(true)
  })

  it('names every absent column once, and the columns there are', async () => {
    const definition = { ...DEFINITION, prompt: '{{a}} {{b}} {{a}}', system: '{{b}}' }
    const { problems } = await failed(definition, '{"text":"x","other":"y"}')
    expect(problems).toEqual([
      { code: 'missing_column', line: 3, detail: 'no column "a"; there are: text, other' },
      { code: 'missing_column', line: 3, detail: 'no column "b"; there are: text, other' },
    ])
  })

  it.each([
    ['{"text":"x","key":"a-1"}', 'a-1'],
    ['{"text":"x","key":7}', '7'],
    ['{"text":"x","key":12345678901234567890}', '12345678901234567890'],
    ['{"text":"x","key":" spaces "}', ' spaces '],
  ])('takes the id of %s from its column', async (json, id) => {
    expect((await built({ ...DEFINITION, idColumn: 'key' }, json)).id).toBe(id)
  })

  it.each([
    '{"text":"x"}',
    '{"text":"x","key":null}',
    '{"text":"x","key":""}',
    '{"text":"x","key":{}}',
    '{"text":"x","key":true}',
  ])('finds no id in %s', async (json) => {
    expect(await codes({ ...DEFINITION, idColumn: 'key' }, json)).toEqual(['missing_id'])
  })

  it('tells the id of a row whose prompt is wrong', async () => {
    expect((await failed({ ...DEFINITION, idColumn: 'key' }, '{"key":"a"}')).id).toBe('a')
  })

  it.each(['"\\ud83d"', '"x\\udc00y"'])('refuses the lone surrogate in %s', async (text) => {
    expect(await codes(DEFINITION, `{"text":${text}}`)).toEqual(['lone_surrogate'])
  })

  it('counts a line in bytes, to the last one', async () => {
    const text = 'é'.repeat(100)
    const line = encode({ wireId: 'b'.repeat(16), body: (await built(DEFINITION, JSON.stringify({ text }))).body })
    const bytes = Buffer.byteLength(line)
    const json = JSON.stringify({ text })
    expect((await build(DEFINITION, json, { maxLineBytes: bytes })) as object).toHaveProperty('request')
    expect(await codes(DEFINITION, json, { maxLineBytes: bytes - 1 })).toEqual(['request_too_large'])
    expect((await build(DEFINITION, json, { maxBytes: bytes + 1 })) as object).toHaveProperty('request')
    expect(await codes(DEFINITION, json, { maxBytes: bytes })).toEqual(['request_too_large'])
  })

  it('gives all requests of a target the same object, and asks for its limits once', () => {
    let asked = 0
    const builder = createRequestBuilder({
      definition: DEFINITION,
      encode,
      limitsOf: () => {
        asked += 1
        return LIMITS
      },
    })
    const [one, other] = ['{"text":"x"}', '{"text":"y"}'].map(
      (json) => builder(rowOf(json)) as { request: BuiltRequest },
    )
    expect(one?.request.target).toBe(other?.request.target)
    expect(asked).toBe(1)
  })

  it.each<[name: string, definition: Definition, limits: Partial<Limits>]>([
    ['without a model', { ...DEFINITION, model: null }, {}],
    ['without a prompt', { ...DEFINITION, prompt: null }, {}],
    ['with an open placeholder', { ...DEFINITION, prompt: '{{text' }, {}],
    ['with streaming', { ...DEFINITION, parameters: { stream: true } }, {}],
    ['with messages as a parameter', { ...DEFINITION, parameters: { messages: [] } }, {}],
    ['with a limit of tokens that the endpoint lacks', { ...DEFINITION, maxTokens: 5 }, { maxTokensField: null }],
    ['for an endpoint that takes no batches', DEFINITION, { isEndpointKnown: false }],
  ])('is refused %s, before any row', (_name, definition, limits) => {
    expect(() => builderFor(definition, limits)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('a builder with a prompt function', () => {
  const withFunction = async (
    promptFunction: NonNullable<RequestOptions['promptFunction']>,
    system: string | null = null,
  ): Promise<BuildResult> => {
    const definition = { ...DEFINITION, prompt: null, system }
    return await createRequestBuilder({ definition, promptFunction, limitsOf: () => LIMITS, encode })(
      rowOf('{"text":"x"}'),
    )
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
      'the prompt function returned a list whose entry 2 is no object with a "role"',
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
    expect(body).toBe(`{"model":"gpt-5-mini","messages":${messages},"max_completion_tokens":5}`)
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

describe('a builder for provider-ready lines', () => {
  const BODY = '{"input": 12345678901234567890, "model":"m", "a":1.0, "a":2, "\\u00e9":"x"}'

  it('passes the body on byte for byte', async () => {
    const json = `{"custom_id":"r1","method":"POST","url":"/v1/responses","body": ${BODY} ,"more":1}`
    expect(await built(PROVIDER_ROWS, json)).toEqual({
      id: 'r1',
      target: { provider: 'openai', endpoint: '/v1/responses', model: 'm' },
      body: BODY,
      emptyPlaceholders: false,
    })
  })

  it('takes the chat endpoint where there is no url, and keeps a body’s model on jobs that carry it', async () => {
    const request = await built(PROVIDER_ROWS, '{"custom_id":7,"body":{"model":"m"}}', { modelOn: 'job' })
    expect(request).toMatchObject({ id: '7', target: { endpoint: CHAT, model: 'm' }, body: '{"model":"m"}' })
  })

  it.each([
    ['{}', 'line', '{"model":"given"}'],
    ['{ "a":1}', 'line', '{"model":"given","a":1}'],
    ['{"a":1}', 'job', '{"a":1}'],
  ] as const)(
    'puts the model that was given for all into %s where it belongs on the %s',
    async (body, modelOn, sent) => {
      const request = await built({ ...PROVIDER_ROWS, model: 'given' }, `{"custom_id":"1","body":${body}}`, { modelOn })
      expect(request).toMatchObject({ body: sent, target: { model: 'given' } })
    },
  )

  it('takes the id from another column where one was named', async () => {
    expect((await built({ ...PROVIDER_ROWS, idColumn: 'key' }, '{"key":"k","body":{"model":"m"}}')).id).toBe('k')
  })

  it.each<[json: string, codes: readonly string[]]>([
    ['{"body":{"model":"m"}}', ['missing_custom_id']],
    ['{"custom_id":"","body":{"model":"m"}}', ['missing_custom_id']],
    ['{"custom_id":"1"}', ['missing_body']],
    ['{"custom_id":"1","body":null}', ['missing_body']],
    ['{"custom_id":"1","body":"{}"}', ['missing_body']],
    ['{"custom_id":"1","body":[]}', ['missing_body']],
    ['{"custom_id":"1","body":{}}', ['missing_model']],
    ['{"custom_id":"1","body":{"model":7}}', ['missing_model']],
    ['{"custom_id":"1","method":"GET","body":{"model":"m"}}', ['unsupported_endpoint']],
    ['{"custom_id":"1","url":7,"body":{"model":"m"}}', ['unsupported_endpoint']],
    ['{"custom_id":"1","body":{"model":"m","stream":true}}', ['streaming_not_allowed']],
    ['{"body":{"stream":true}}', ['missing_custom_id', 'streaming_not_allowed', 'missing_model']],
    ['{"custom_id":"1","body":{"model":"m","x":"\\ud800"}}', ['lone_surrogate']],
    ['{}', ['missing_custom_id', 'missing_body']],
  ])('finds in %s: %j', async (json, expected) => {
    expect(await codes(PROVIDER_ROWS, json)).toEqual(expected)
  })

  it('accepts "stream": false', async () => {
    expect((await built(PROVIDER_ROWS, '{"custom_id":"1","body":{"model":"m","stream":false}}')).id).toBe('1')
  })

  it('refuses a model other than the one given for all', async () => {
    const json = '{"custom_id":"1","body":{"model":"m"}}'
    expect(await codes({ ...PROVIDER_ROWS, model: 'other' }, json)).toEqual(['model_contradiction'])
  })

  it('refuses an endpoint that takes no batches', async () => {
    const json = '{"custom_id":"1","url":"/v1/audio/speech","body":{"model":"m"}}'
    expect(await codes(PROVIDER_ROWS, json, { isEndpointKnown: false })).toEqual(['unsupported_endpoint'])
  })

  it.each<Partial<Definition>>([{ system: 'x' }, { maxTokens: 1 }, { temperature: 0 }, { parameters: { a: 1 } }])(
    'is refused with %j, which would have to change the bodies',
    (settings) => {
      expect(() => builderFor({ ...PROVIDER_ROWS, ...settings })).toThrow(expect.objectContaining({ code: 'usage' }))
    },
  )
})

const LIMITS: Limits = {
  inputForm: 'file',
  maxRequests: 50_000,
  minRequests: 1,
  maxBytes: 100_000_000,
  maxLineBytes: 100_000_000,
  queueTokens: null,
  queueRequests: null,
  recovery: 'marked',
  absentRowIsUnbilled: [],
  retentionDays: 30,
  modelOn: 'line',
  isEndpointKnown: true,
  maxTokensField: 'max_completion_tokens',
  windowHours: { default: 24, most: 24, canChoose: false },
}

function encode({
  wireId,
  body,
}: {
  readonly wireId: string
  readonly target?: Target
  readonly body: string
}): string {
  return `{"custom_id":"${wireId}","body":${body}}`
}

function rowOf(json: string): Row {
  return { line: 3, json, record: JSON.parse(json) as Record<string, unknown> }
}

function builderFor(definition: Definition, limits: Partial<Limits> = {}): ReturnType<typeof createRequestBuilder> {
  return createRequestBuilder({ definition, encode, limitsOf: () => ({ ...LIMITS, ...limits }) })
}

async function build(definition: Definition, json: string, limits: Partial<Limits> = {}): Promise<BuildResult> {
  return await builderFor(definition, limits)(rowOf(json))
}

async function built(definition: Definition, json: string, limits: Partial<Limits> = {}): Promise<BuiltRequest> {
  const result = await build(definition, json, limits)
  if ('request' in result) return result.request
  throw new Error(`unexpected problems: ${JSON.stringify(result.problems)}`)
}

async function failed(
  definition: Definition,
  json: string,
  limits: Partial<Limits> = {},
): Promise<Extract<BuildResult, { problems: unknown }>> {
  const result = await build(definition, json, limits)
  if ('problems' in result) return result
  throw new Error(`unexpected request: ${result.request.body}`)
}

async function codes(definition: Definition, json: string, limits: Partial<Limits> = {}): Promise<string[]> {
  return (await failed(definition, json, limits)).problems.map(({ code }) => code)
}
