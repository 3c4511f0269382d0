import { beforeAll, describe, expect, it } from 'vitest'
import { CHAT_ENDPOINT } from '../../src/model/target.ts'
import { factsOf } from '../../src/providers/known.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { describeProvider } from '../../src/providers/registry.ts'

const TARGET = { provider: 'gemini', endpoint: CHAT_ENDPOINT, model: 'gemini-3.8-flash' }
const OLDER = { ...TARGET, model: 'gemini-2.5-flash' }
const ASK = { messages: [{ role: 'user', content: 'Is it?' }] }

let gemini: Provider
beforeAll(async () => {
  gemini = await describeProvider('gemini')
})

function requestFor(body: object, target = TARGET): unknown {
  const line = gemini.encode({ wireId: 'b000000000000001', target, body: JSON.stringify(body) })
  return (JSON.parse(line) as { readonly request: unknown }).request
}

function refusalOf(body: object, target = TARGET): string | null {
  return factsOf('gemini').unsupported(target, JSON.stringify(body))
}

describe('a request for gemini', () => {
  it('is a line with its key and the whole request', () => {
    const request = { wireId: 'b000000000000001', target: TARGET, body: JSON.stringify({ model: 'x', ...ASK }) }
    expect(gemini.encode(request)).toBe(
      '{"key":"b000000000000001","request":{"contents":[{"role":"user","parts":[{"text":"Is it?"}]}]}}',
    )
  })

  it('puts what the system says beside the turns, and joins turns of one role', () => {
    const messages = [
      { role: 'system', content: 'Be short.' },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: 'One.' },
      { role: 'user', content: 'Two.' },
      { role: 'assistant', content: 'Three.' },
    ]
    expect(requestFor({ messages })).toEqual({
      systemInstruction: { parts: [{ text: 'Be short.' }, { text: 'Be kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'One.' }, { text: 'Two.' }] },
        { role: 'model', parts: [{ text: 'Three.' }] },
      ],
    })
  })

  it('holds images, recordings and documents as inline data, and stored files by their address', () => {
    const uri = 'https://generativelanguage.googleapis.com/v1beta/files/abc'
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'auto' } },
      { type: 'image_url', image_url: uri },
      { type: 'input_audio', input_audio: { data: 'BBBB', format: 'wav' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
    ]
    expect(requestFor({ messages: [{ role: 'user', content }] })).toEqual({
      contents: [
        {
          role: 'user',
          parts: [
            { text: 'What is it?' },
            { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
            { fileData: { fileUri: uri } },
            { inlineData: { mimeType: 'audio/wav', data: 'BBBB' } },
            { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } },
          ],
        },
      ],
    })
  })

  it('gives parameters their names there, and a schema in the dialect of the API', () => {
    const schema = {
      type: 'object',
      properties: { kind: { const: 'a' }, name: { type: 'string', pattern: '^x', description: 'A name.' } },
      required: ['kind', 'name'],
      additionalProperties: false,
    }
    const body = {
      ...ASK,
      max_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      n: 2,
      seed: 7,
      stop: 'END',
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      logit_bias: null,
    }
    expect(requestFor(body)).toMatchObject({
      generationConfig: {
        maxOutputTokens: 50,
        temperature: 0.5,
        topP: 0.9,
        candidateCount: 2,
        seed: 7,
        stopSequences: ['END'],
        thinkingConfig: { thinkingLevel: 'LOW' },
        responseMimeType: 'application/json',
        responseJsonSchema: {
          type: 'object',
          properties: { kind: { enum: ['a'] }, name: { type: 'string', description: 'A name.' } },
          required: ['kind', 'name'],
          additionalProperties: false,
        },
      },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    })
    expect(requestFor({ ...ASK, reasoning_effort: 'none' }, OLDER)).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingBudget: 0 } },
    })
  })

  it('declares tools, gives back calls with what was thought before them, and names the tool that answers', () => {
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'look_up', arguments: '{"word":"ant"}' },
      extra_content: { google: { thought_signature: 'c2ln' } },
    }
    const body = {
      messages: [
        { role: 'user', content: 'Look up ant.' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'an insect' },
      ],
      tools: [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look_up' } },
    }
    expect(requestFor(body)).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'Look up ant.' }] },
        {
          role: 'model',
          parts: [{ functionCall: { id: 'call_1', name: 'look_up', args: { word: 'ant' } }, thoughtSignature: 'c2ln' }],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { id: 'call_1', name: 'look_up', response: { result: 'an insect' } } }],
        },
      ],
      tools: [{ functionDeclarations: [{ name: 'look_up', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look_up'] } },
    })
  })

  it('asks for one vector', () => {
    const target = { provider: 'gemini', endpoint: '/v1/embeddings', model: 'gemini-embedding-001' }
    expect(requestFor({ input: 'ant', dimensions: 64, taskType: 'CLUSTERING' }, target)).toEqual({
      content: { parts: [{ text: 'ant' }] },
      outputDimensionality: 64,
      taskType: 'CLUSTERING',
    })
    expect(refusalOf({ input: ['ant', 'bee'] }, target)).toContain('several texts')
  })

  it.each([
    ['a parameter without an equivalent', { ...ASK, logit_bias: { 1: 2 } }, 'the parameter "logit_bias"'],
    ['who asks', { ...ASK, user: 'u1' }, 'the parameter "user"'],
    ['no turn at all', { messages: [{ role: 'system', content: 'x' }] }, 'without a turn of the user'],
    ['no messages', { prompt: 'x' }, 'the parameter "prompt"'],
    [
      'a system message in between',
      { messages: [...ASK.messages, { role: 'system', content: 'x' }] },
      'a system message between the turns',
    ],
    [
      'an image of the web',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'https://example.com/a.png' }] }] },
      'images by a URL of the web',
    ],
    [
      'the detail of an image',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } }],
          },
        ],
      },
      'the detail of an image',
    ],
    ['an effort that the model cannot be given', { ...ASK, reasoning_effort: 'none' }, 'the reasoning effort "none"'],
    ['a strict tool', { ...ASK, tools: [{ type: 'function', function: { name: 'a', strict: true } }] }, 'strict tools'],
    [
      'an answer of a tool that was never called',
      { messages: [...ASK.messages, { role: 'tool', tool_call_id: 'c9', content: 'x' }] },
      'a tool that was not called before',
    ],
  ])('is refused for %s', (_, body, reason) => {
    expect(refusalOf(body)).toContain(reason)
  })

  it('is not refused where there is nothing against it', () => {
    expect(refusalOf({ ...ASK, stream: false, parallel_tool_calls: null })).toBeNull()
  })
})
