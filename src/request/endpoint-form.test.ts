import { describe, expect, it } from 'vitest'
import {
  build,
  builderFor,
  built,
  CHAT_ROWS,
  codes,
  DEFINITION,
  type Definition,
  failed,
  PROVIDER_ROWS,
  rowOf,
} from '../../test/support/built-requests.ts'
import { mistralLimits } from '../providers/mistral/limits.ts'
import { openAILimits } from '../providers/openai/limits.ts'
import type { Limits } from '../providers/provider.ts'
import { createRequestBuilder } from './builder.ts'

const TEXT: Definition = { ...DEFINITION, prompt: null, textColumn: 'text' }

function at(endpoint: string, definition: Partial<Definition> = {}): Definition {
  return { ...TEXT, model: 'm', endpoint, ...definition }
}

const PROMPT = { prompt: 'About {{text}}', textColumn: null }

function limitsOf(provider: string, endpoint: string): Limits {
  const target = { provider, endpoint, model: 'm' }
  return provider === 'openai' ? openAILimits(target) : mistralLimits(target)
}

describe('a body', () => {
  it.each<[provider: 'openai' | 'mistral', definition: Definition, row: object, body: object]>([
    ['openai', at('/v1/responses', PROMPT), { text: 'x' }, { input: 'About x' }],
    [
      'openai',
      at('/v1/responses', { ...PROMPT, system: 'Be {{mood}}.', maxTokens: 9, temperature: 0 }),
      { text: 'x', mood: 'kind' },
      { instructions: 'Be kind.', input: 'About x', max_output_tokens: 9, temperature: 0 },
    ],
    ['openai', at('/v1/embeddings'), { text: 'x' }, { input: 'x' }],
    ['openai', at('/v1/embeddings', PROMPT), { text: 'x' }, { input: 'About x' }],
    ['openai', at('/v1/embeddings', { parameters: { dimensions: 256 } }), { text: 7 }, { input: '7', dimensions: 256 }],
    ['openai', at('/v1/embeddings', { hasTextLists: true }), { text: ['a', 'b'] }, { input: ['a', 'b'] }],
    ['openai', at('/v1/embeddings', { hasTextLists: true }), { text: 'a' }, { input: ['a'] }],
    ['openai', at('/v1/moderations'), { text: 'x' }, { input: 'x' }],
    ['openai', at('/v1/completions', { maxTokens: 5 }), { text: 'x' }, { prompt: 'x', max_tokens: 5 }],
    ['mistral', at('/v1/embeddings'), { text: 'x' }, { input: 'x' }],
    ['mistral', at('/v1/moderations'), { text: 'x' }, { input: 'x' }],
    ['mistral', at('/v1/classifications'), { text: 'x' }, { input: 'x' }],
    ['mistral', at('/v1/chat/moderations', PROMPT), { text: 'x' }, { input: [{ role: 'user', content: 'About x' }] }],
    [
      'mistral',
      at('/v1/chat/classifications', PROMPT),
      { text: 'x' },
      { input: { messages: [{ role: 'user', content: 'About x' }] } },
    ],
    [
      'mistral',
      at('/v1/fim/completions', { maxTokens: 5 }),
      { text: 'def f():' },
      { prompt: 'def f():', max_tokens: 5 },
    ],
    [
      'mistral',
      at('/v1/fim/completions', { suffixColumn: 'after' }),
      { text: 'def f():', after: 'return x' },
      { prompt: 'def f():', suffix: 'return x' },
    ],
    [
      'mistral',
      at('/v1/fim/completions', { ...PROMPT, suffixColumn: 'after' }),
      { text: 'x', after: null },
      { prompt: 'About x' },
    ],
  ])('for %s, %j and %j', async (provider, definition, row, body) => {
    const limits = limitsOf(provider, definition.endpoint ?? '')
    const request = await built({ ...definition, provider }, JSON.stringify(row), limits)
    expect(JSON.parse(request.body)).toEqual(provider === 'openai' ? { model: 'm', ...body } : body)
    expect(request.target).toEqual({ provider, endpoint: definition.endpoint, model: 'm' })
  })

  it('has no output to pay for where nothing is written', async () => {
    expect((await built(at('/v1/embeddings'), '{"text":"x"}')).mostOutputTokens).toBe(0)
    expect((await built(at('/v1/fim/completions'), '{"text":"x"}')).mostOutputTokens).toBeNull()
  })

  it('is made of a function’s text', async () => {
    const builder = createRequestBuilder({
      definition: at('/v1/embeddings', { textColumn: null }),
      promptFunction: (row) => `<${String(row['text'])}>`,
      limitsOf: () => limitsOf('openai', '/v1/embeddings'),
    })
    const result = await builder(rowOf('{"text":"x"}'))
    expect('request' in result && JSON.parse(result.request.body)).toEqual({ model: 'm', input: '<x>' })
  })
})

describe('messages for the responses endpoint', () => {
  const convert = async (messages: object[]): Promise<unknown> => {
    const definition = { ...CHAT_ROWS, endpoint: '/v1/responses' }
    const { body } = await built(definition, JSON.stringify({ messages }))
    return (JSON.parse(body) as { input: unknown }).input
  }

  it.each<[name: string, messages: object[], input: unknown]>([
    [
      'texts',
      [
        { role: 'system', content: 's' },
        { role: 'user', content: 'u' },
      ],
      [
        { role: 'system', content: 's' },
        { role: 'user', content: 'u' },
      ],
    ],
    [
      'parts',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 't' },
            { type: 'image_url', image_url: { url: 'https://x/a.png', detail: 'low' } },
            { type: 'image_url', image_url: 'https://x/b.png' },
            { type: 'file', file: { file_id: 'file-1' } },
            { type: 'input_text', text: 'as it is' },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 't' },
            { type: 'input_image', image_url: 'https://x/a.png', detail: 'low' },
            { type: 'input_image', image_url: 'https://x/b.png', detail: 'auto' },
            { type: 'input_file', file_id: 'file-1' },
            { type: 'input_text', text: 'as it is' },
          ],
        },
      ],
    ],
    [
      'calls of tools and what they gave',
      [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '42' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'It is ' },
            { type: 'text', text: '42.' },
          ],
        },
      ],
      [
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: '42' },
        { role: 'assistant', content: 'It is 42.' },
      ],
    ],
  ])('become items: %s', async (_name, messages, input) => {
    expect(await convert(messages)).toEqual(input)
  })

  it('are a problem of the row where there is no word for a part', async () => {
    const content = [{ type: 'input_audio', input_audio: {} }]
    const definition = { ...CHAT_ROWS, endpoint: '/v1/responses' }
    const { problems } = await failed(definition, JSON.stringify({ messages: [{ role: 'user', content }] }))
    expect(problems).toMatchObject([{ code: 'unsupported_content', detail: expect.stringContaining('input_audio') }])
  })
})

describe('a row that would cost money for nothing', () => {
  const LISTS = at('/v1/embeddings', { hasTextLists: true })

  it.each<[name: string, definition: Definition, json: string, code: string]>([
    ['an empty text', at('/v1/embeddings'), '{"text":""}', 'empty_text'],
    ['a text that is null', at('/v1/moderations'), '{"text":null}', 'empty_text'],
    [
      'a template that fills to nothing',
      at('/v1/embeddings', { prompt: '{{text}}', textColumn: null }),
      '{"text":""}',
      'empty_text',
    ],
    ['no such column', at('/v1/embeddings'), '{"other":"x"}', 'missing_column'],
    ['no suffix column', at('/v1/fim/completions', { suffixColumn: 'after' }), '{"text":"x"}', 'missing_column'],
    ['a list where texts were expected', at('/v1/embeddings'), '{"text":["a"]}', 'not_text'],
    ['an empty list', LISTS, '{"text":[]}', 'empty_text'],
    ['an empty text in a list', LISTS, '{"text":["a",""]}', 'empty_text'],
    ['a number in a list', LISTS, '{"text":["a",1]}', 'not_text'],
    ['more texts than a request may have', LISTS, '{"text":["a","b","c"]}', 'too_many_inputs'],
  ])('is found: %s', async (_name, definition, json, code) => {
    expect(await codes(definition, json, { maxInputsPerRequest: 2 })).toEqual([code])
  })

  it('is not one with an empty prompt before a gap', async () => {
    expect(await build(at('/v1/fim/completions'), '{"text":""}')).toHaveProperty('request')
  })
})

describe('a definition', () => {
  it.each<[name: string, definition: Definition, message: RegExp, limits?: Partial<Limits>]>([
    [
      'an endpoint the provider has not',
      at('/v1/responses', { ...PROMPT, provider: 'mistral' }),
      /mistral does not support batches for responses/,
      limitsOf('mistral', '/v1/responses'),
    ],
    [
      'a limit of tokens',
      at('/v1/embeddings', { maxTokens: 5 }),
      /embeddings does not support a maximum of tokens/,
      { maxTokensField: null },
    ],
    ['a temperature', at('/v1/embeddings', { temperature: 0 }), /embeddings does not support a temperature/],
    ['a system message', at('/v1/moderations', { system: 'x' }), /moderations does not support a system message/],
    ['a suffix', at('/v1/embeddings', { suffixColumn: 'x' }), /embeddings does not support a suffix/],
    [
      'neither column nor prompt',
      at('/v1/embeddings', { textColumn: null }),
      /embeddings takes a text, and the run has none/,
    ],
    ['both column and prompt', at('/v1/embeddings', { prompt: 'x' }), /cannot be used together/],
    ['a text column for chat', at('/v1/chat/completions'), /chat takes messages/],
    [
      'a suffix column for responses',
      at('/v1/responses', { ...PROMPT, suffixColumn: 'x' }),
      /responses takes messages/,
    ],
    ['the input as a parameter', at('/v1/embeddings', { parameters: { input: 'x' } }), /"input" cannot be set/],
    ['a prompt for an endpoint of other input', at('/v1/ocr', PROMPT), /cannot make requests for \/v1\/ocr/],
  ])('is refused with %s, before any row', (_name, definition, message, limits) => {
    expect(() => builderFor(definition, limits)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    )
  })

  it('that the provider does not offer names those it does', () => {
    const definition = at('/v1/responses', { ...PROMPT, provider: 'mistral' })
    expect(() => builderFor(definition, limitsOf('mistral', '/v1/responses'))).toThrow(
      expect.objectContaining({
        next: expect.stringMatching(/chat, embeddings, fim, moderations, chat-moderations, \/v1\/ocr/),
      }),
    )
  })
})

describe('provider-ready lines', () => {
  it('go to the chosen endpoint where they name none, whatever it is', async () => {
    const definition = { ...PROVIDER_ROWS, endpoint: '/v1/ocr' }
    const request = await built(definition, '{"custom_id":"1","body":{"model":"m","document":{}}}')
    expect(request).toMatchObject({ target: { endpoint: '/v1/ocr' }, body: '{"model":"m","document":{}}' })
  })

  it('may not name another one', async () => {
    const definition = { ...PROVIDER_ROWS, endpoint: '/v1/embeddings' }
    const json = '{"custom_id":"1","url":"/v1/responses","body":{"model":"m"}}'
    expect(await codes(definition, json)).toEqual(['endpoint_contradiction'])
  })
})
