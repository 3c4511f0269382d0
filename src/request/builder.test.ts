import { describe, expect, it } from 'vitest'
import {
  build,
  builderFor,
  built,
  CHAT,
  codes,
  DEFINITION,
  type Definition,
  failed,
  LIMITS,
  PROVIDER_ROWS,
  rowOf,
} from '../../test/support/built-requests.ts'
import { frozenLine } from '../log/frozen-line.ts'
import type { Limits } from '../providers/provider.ts'
import type { BuiltRequest } from './build-result.ts'
import { createRequestBuilder } from './builder.ts'

const LIST = { schema: { type: 'array', items: { type: 'string' } }, name: 'list', isStrict: true }

describe('a builder for records', () => {
  it('refuses a schema beside several choices, of which only one could be checked', () => {
    const answer = { ...LIST, schema: { type: 'object', properties: { label: { type: 'string' } } } }
    const definition = { ...DEFINITION, answer, parameters: { n: 3 } }
    expect(() => builderFor(definition)).toThrow('"n" asks for several')
    expect(() => builderFor({ ...definition, parameters: { n: 1 } })).not.toThrow()
  })

  it('sends model and prompt, and nothing that was not set', async () => {
    const request = await built(DEFINITION, '{"text":"a \\"b\\"\\n😀"}')
    expect(request).toEqual({
      id: null,
      target: { provider: 'openai', endpoint: CHAT, model: 'gpt-6.1-terra' },
      body: '{"model":"gpt-6.1-terra","messages":[{"role":"user","content":"Sum up: a \\"b\\"\\n😀"}]}',
      mostOutputTokens: null,
      emptyPlaceholders: false,
    })
  })

  it('knows the most tokens that answers may have', async () => {
    const definition = { ...DEFINITION, maxTokens: 100, parameters: { n: 3 } }
    expect((await built(definition, '{"text":"x"}')).mostOutputTokens).toBe(300)
    expect((await built(PROVIDER_ROWS, '{"custom_id":"1","body":{"model":"m","max_tokens":7}}')).mostOutputTokens).toBe(
      7,
    )
  })

  it('sends what was set, in the provider’s words', async () => {
    const definition = { ...DEFINITION, maxTokens: 100, temperature: 0, parameters: { top_p: 0.5, stop: ['x'] } }
    expect(JSON.parse((await built(definition, '{"text":"x"}')).body)).toEqual({
      model: 'gpt-6.1-terra',
      messages: [{ role: 'user', content: 'Sum up: x' }],
      max_completion_tokens: 100,
      temperature: 0,
      top_p: 0.5,
      stop: ['x'],
    })
  })

  it('refuses one parameter in two spellings', async () => {
    const settings = { ...DEFINITION, temperature: 0, parameters: { temperature: 1 } }
    await expect(built(settings, '{"text":"x"}')).rejects.toThrow('temperature and parameters.temperature both set')
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
      { code: 'missing_column', line: 3, detail: 'no column "a"; the columns are: text, other' },
      { code: 'missing_column', line: 3, detail: 'no column "b"; the columns are: text, other' },
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
    const line = frozenLine({
      wireId: 'b'.repeat(16),
      target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'm' },
      body: (await built(DEFINITION, JSON.stringify({ text }))).body,
    })
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

  it('asks for answers of a schema in every body, after all that was set', async () => {
    const schema = { type: 'object', properties: { label: { type: 'string' } }, required: ['label'] }
    const answer = { schema, name: 'ticket', isStrict: true }
    expect(JSON.parse((await built({ ...DEFINITION, parameters: { top_p: 1 }, answer }, '{"text":"x"}')).body)).toEqual(
      {
        model: 'gpt-6.1-terra',
        messages: [{ role: 'user', content: 'Sum up: x' }],
        top_p: 1,
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'ticket', schema: { ...schema, additionalProperties: false }, strict: true },
        },
      },
    )
  })

  it.each<[name: string, definition: Definition, limits: Partial<Limits>]>([
    ['without a model', { ...DEFINITION, model: null }, {}],
    ['without a prompt', { ...DEFINITION, prompt: null }, {}],
    ['with an open placeholder', { ...DEFINITION, prompt: '{{text' }, {}],
    ['with streaming', { ...DEFINITION, parameters: { stream: true } }, {}],
    ['with messages as a parameter', { ...DEFINITION, parameters: { messages: [] } }, {}],
    ['with a limit of tokens that the endpoint lacks', { ...DEFINITION, maxTokens: 5 }, { maxTokensField: null }],
    ['for an endpoint that takes no batches', DEFINITION, { isEndpointKnown: false }],
    ['with a schema that strict answers cannot follow', { ...DEFINITION, answer: LIST }, {}],
    ['with a schema where answers follow none', { ...DEFINITION, answer: LIST }, { schemaDialect: null }],
  ])('is refused %s, before any row', (_name, definition, limits) => {
    expect(() => builderFor(definition, limits)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})
