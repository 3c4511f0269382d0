import { describe, expect, it } from 'vitest'
import { encodeRequest, unsupported } from './request.ts'

const NEW = 'claude-opus-5-5'
const OLD = 'claude-haiku-4-5'

function target(model: string) {
  return { provider: 'anthropic', endpoint: '/v1/chat/completions', model }
}

const USER = { role: 'user', content: 'Hello' }

const HOUR = { type: 'ephemeral', ttl: '1h' }

/** The params that a chat body becomes. */
function params(body: object, model = NEW): unknown {
  const request = { wireId: 'b1', target: target(model), body: JSON.stringify({ model, messages: [USER], ...body }) }
  const { custom_id: id, params: made } = JSON.parse(encodeRequest(request)) as { custom_id: string; params: unknown }
  expect(id).toBe('b1')
  return made
}

/** Why a body is refused. */
function refusal(body: object, model = NEW): string | null {
  return unsupported(target(model), JSON.stringify({ model, messages: [USER], ...body }))
}

const TOOL = { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: {} }, strict: true }

describe('the params of a message', () => {
  it.each<[string, object[], object, object]>([
    [
      'the system message',
      [{ role: 'system', content: 'Be brief.' }, USER],
      { messages: 1, characters: 0 },
      { system: [{ type: 'text', text: 'Be brief.', cache_control: HOUR }], messages: [USER] },
    ],
    [
      'the first part of a prompt, which is cut there',
      [{ role: 'system', content: 'Be brief.' }, USER],
      { messages: 1, characters: 3 },
      {
        system: 'Be brief.',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Hel', cache_control: HOUR },
              { type: 'text', text: 'lo' },
            ],
          },
        ],
      },
    ],
    [
      'a turn of parts, at its last',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        USER,
      ],
      { messages: 1, characters: 0 },
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b', cache_control: HOUR },
            ],
          },
          USER,
        ],
      },
    ],
  ])('mark a shared beginning for an hour: %s', (_, messages, prefix, made) => {
    expect(params({ messages, cache_prefix: prefix })).toEqual({ model: NEW, max_tokens: 16_384, ...made })
  })

  it('have what the system says apart, and a limit of tokens where the body has none', () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, { role: 'developer', content: 'No lists.' }, USER]
    expect(params({ messages })).toEqual({
      model: NEW,
      max_tokens: 16_384,
      system: 'Be brief.\nNo lists.',
      messages: [USER],
    })
    expect(params({}, OLD)).toMatchObject({ max_tokens: 8_192 })
    expect(params({ max_tokens: 5 })).toMatchObject({ max_tokens: 5 })
    expect(params({ max_completion_tokens: 6 })).toMatchObject({ max_tokens: 6 })
  })

  it('hold images and documents as blocks', () => {
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'auto' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' } },
    ]
    expect(params({ messages: [{ role: 'user', content }] })).toMatchObject({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
            {
              type: 'document',
              source: { type: 'base64', media_type: 'application/pdf', data: 'BBBB' },
              title: 'a.pdf',
            },
          ],
        },
      ],
    })
  })

  it('hold calls of tools, and their answers in one turn with what the user says next', () => {
    const call = (id: string) => ({ id, type: 'function', function: { name: 'look', arguments: '{"at":1}' } })
    const messages = [
      USER,
      { role: 'assistant', content: null, tool_calls: [call('c1'), call('c2')] },
      { role: 'tool', tool_call_id: 'c1', content: 'one' },
      { role: 'tool', tool_call_id: 'c2', content: 'two' },
      { role: 'user', content: 'Go on' },
    ]
    expect(
      params({ messages, tools: [{ type: 'function', function: TOOL }], parallel_tool_calls: false }),
    ).toMatchObject({
      messages: [
        USER,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'look', input: { at: 1 } }, { id: 'c2' }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'c1', content: 'one' },
            { type: 'tool_result', tool_use_id: 'c2', content: 'two' },
            { type: 'text', text: 'Go on' },
          ],
        },
      ],
      tools: [{ name: 'look', description: 'Looks.', input_schema: TOOL.parameters, strict: true }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    })
    const forced = { tools: [{ type: 'function', function: TOOL }], tool_choice: 'required' }
    expect(params(forced, OLD)).toMatchObject({ tool_choice: { type: 'any' } })
    const named = { ...forced, tool_choice: { type: 'function', function: { name: 'look' } } }
    expect(params(named, OLD)).toMatchObject({ tool_choice: { type: 'tool', name: 'look' } })
    expect(refusal(forced)).toContain('forces it to call a tool')
  })

  it('ask for JSON of a schema, without the rules that only we check', () => {
    const schema = {
      type: 'object',
      properties: {
        minimum: { type: 'number', minimum: 1, maximum: 5 },
        tags: { type: 'array', items: { type: 'string', maxLength: 3 }, minItems: 2, maxItems: 3 },
      },
      required: ['minimum', 'tags'],
      additionalProperties: false,
    }
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } }
    expect(params({ response_format, reasoning_effort: 'low' })).toMatchObject({
      output_config: {
        effort: 'low',
        format: {
          type: 'json_schema',
          schema: {
            ...schema,
            properties: { minimum: { type: 'number' }, tags: { type: 'array', items: { type: 'string' } } },
          },
        },
      },
    })
  })

  it('take sampling as the model takes it', () => {
    expect(params({ temperature: 0.2, top_k: 5 }, OLD)).toMatchObject({ temperature: 0.2, top_k: 5 })
    expect(params({ temperature: 1, top_p: 1 })).not.toHaveProperty('temperature')
    expect(refusal({ temperature: 0 })).toBe(`${NEW} does not support another temperature than 1`)
    expect(refusal({ top_k: 5 })).toBe(`${NEW} does not support top_k`)
    expect(refusal({ temperature: 0.2, top_p: 0.9 }, OLD)).toContain('temperature and top_p together')
  })

  it('take the other parameters in their own words', () => {
    const rest = { stop: 'END', user: 'u1', stream: false, n: 1, presence_penalty: 0, seed: null }
    expect(params({ ...rest, thinking: { type: 'adaptive' }, cache_control: { type: 'ephemeral' } })).toMatchObject({
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      thinking: { type: 'adaptive' },
      cache_control: { type: 'ephemeral' },
    })
    expect(params({ reasoning_effort: 'none' }, 'claude-haiku-5-5')).toMatchObject({ thinking: { type: 'disabled' } })
  })

  it.each<[body: object, words: string]>([
    [{ seed: 1 }, 'the parameter "seed"'],
    [{ n: 2 }, 'the parameter "n"'],
    [{ cache_prefix: 7 }, 'such a cache_prefix'],
    [{ logit_bias: { 1: 1 } }, 'the parameter "logit_bias"'],
    [{ response_format: { type: 'json_object' } }, 'json_object'],
    [{ reasoning_effort: 'minimal' }, 'reasoning_effort "minimal"'],
    [{ reasoning_effort: 'none' }, 'always thinks'],
    [{ stop: ' ' }, 'white space'],
    [{ messages: [USER, { role: 'system', content: 'x' }] }, 'between the turns'],
    [{ messages: [USER, { role: 'assistant', content: 'So' }] }, 'ends with the assistant'],
    [{ messages: [{ role: 'assistant', content: 'So' }] }, 'does not begin with the user'],
    [{ messages: [{ role: 'system', content: 'x' }] }, 'without a turn of the user'],
    [{ messages: [{ role: 'user', content: ' ' }] }, 'an empty message'],
    [{ messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, '"input_audio"'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'data:image/bmp;base64,A' }] }] },
      'image/bmp',
    ],
    [{ tools: [{ type: 'custom' }] }, 'tools of type "custom"'],
  ])('are refused for %j', (body, words) => {
    expect(refusal(body)).toContain(words)
  })

  it('are refused for effort at a model without it, and nowhere for a beginning that an old model goes on from', () => {
    expect(refusal({ reasoning_effort: 'low' }, OLD)).toBe(`${OLD} does not support reasoning_effort`)
    expect(refusal({ messages: [USER, { role: 'assistant', content: 'So' }] }, OLD)).toBeNull()
  })
})
