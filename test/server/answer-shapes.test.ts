// Every kind of answer of the local server against the official SDKs: OpenAI's by its types, which are made from the API
// description, Mistral's by the schemas with which its SDK itself checks what it receives.
import * as mistral from '@mistralai/mistralai/models/components'
import { describe, expect, it } from 'vitest'
import type { LocalServer } from '../../src/testing.ts'
import { RawClient, requestLine, serverForTest } from '../support/local-server.ts'
import { type TypedAnswer, typeErrors } from '../support/sdk-types.ts'

const TOOL = {
  name: 'set_label',
  description: 'x',
  parameters: { type: 'object', properties: { label: { type: 'string' } } },
}
const SCHEMA = { type: 'object', properties: { label: { enum: ['bug', 'question'] } }, required: ['label'] }
const CHAT = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'x' }] }
const RESPONSE = { model: 'gpt-6-luna', input: 'x' }

function asked(content: string): object {
  return { ...CHAT, messages: [{ role: 'user', content }] }
}

/** Path, type, body. */
const OPENAI_CALLS: readonly (readonly [string, string, object])[] = [
  ['/chat/completions', 'OpenAI.ChatCompletion', { ...CHAT, n: 2 }],
  ['/chat/completions', 'OpenAI.ChatCompletion', asked('[[simulate: refusal]]')],
  ['/chat/completions', 'OpenAI.ChatCompletion', asked('[[simulate: length]]')],
  ['/chat/completions', 'OpenAI.ChatCompletion', asked('[[simulate: content_filter]]')],
  [
    '/chat/completions',
    'OpenAI.ChatCompletion',
    { ...asked('[[simulate: tool_call]]'), tools: [{ type: 'function', function: TOOL }] },
  ],
  [
    '/chat/completions',
    'OpenAI.ChatCompletion',
    { ...CHAT, response_format: { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA } } },
  ],
  ['/responses', 'RawResponse', RESPONSE],
  [
    '/responses',
    'RawResponse',
    { ...RESPONSE, instructions: 'Short.', metadata: { a: 'b' }, temperature: 1, max_output_tokens: 1 },
  ],
  ['/responses', 'RawResponse', { ...RESPONSE, input: '[[simulate: refusal]]' }],
  ['/responses', 'RawResponse', { ...RESPONSE, input: '[[simulate: content_filter]]' }],
  ['/responses', 'RawResponse', { ...RESPONSE, tools: [{ type: 'function', ...TOOL }], tool_choice: 'required' }],
  ['/completions', 'OpenAI.Completion', { model: 'gpt-3.5-turbo-instruct', prompt: 'x', n: 2 }],
  ['/completions', 'OpenAI.Completion', { model: 'gpt-3.5-turbo-instruct', prompt: '[[simulate: refusal]]' }],
  ['/embeddings', 'OpenAI.CreateEmbeddingResponse', { model: 'text-embedding-3-small', input: ['a', 'b'] }],
  ['/moderations', 'OpenAI.ModerationCreateResponse', { input: ['a', 'violence'] }],
  ['/images/generations', 'OpenAI.ImagesResponse', { model: 'gpt-image-1', prompt: 'x', n: 2 }],
  ['/images/edits', 'OpenAI.ImagesResponse', { model: 'gpt-image-1', prompt: 'x' }],
  ['/videos', 'OpenAI.Videos.Video', { model: 'sora-2', prompt: 'x' }],
]

/** Everything that OpenAI's dialect answers, with its types. */
async function openaiAnswers(server: LocalServer): Promise<TypedAnswer[]> {
  const client = new RawClient(server.openaiUrl)
  const answers: TypedAnswer[] = []
  const take = (name: string, type: string, value: unknown): void => void answers.push({ name, type, value })
  for (const [path, type, body] of OPENAI_CALLS) take(path, type, await client.json('POST', path, body))
  const file = await client.upload(`${requestLine('good', 'x')}\n${requestLine('bad', '[[simulate: status=500]]')}`)
  take('a file', 'Wire<OpenAI.FileObject>', await client.json('GET', `/files/${file}`))
  const created = await client.create(file)
  take('a new batch', 'Wire<OpenAI.Batch>', created)
  const refused = await client.create(await client.upload('no JSON'))
  await server.drain()
  const batch = await client.batch(created.id)
  take('a completed batch', 'Wire<OpenAI.Batch>', batch)
  take('a failed batch', 'Wire<OpenAI.Batch>', await client.batch(refused.id))
  const { data: batches } = await client.json<{ readonly data: unknown[] }>('GET', '/batches')
  take('batches of a list', 'Wire<OpenAI.Batch>[]', batches)
  const { data: files } = await client.json<{ readonly data: unknown[] }>('GET', '/files')
  take('files of a list', 'Wire<OpenAI.FileObject>[]', files)
  for (const { response } of await client.lines(batch.output_file_id)) {
    take('a row', 'OpenAI.ChatCompletion', (response as { readonly body: unknown }).body)
  }
  take('a deleted file', 'OpenAI.FileDeleted', await client.json('DELETE', `/files/${file}`))
  const { data: models } = await client.json<{ readonly data: unknown[] }>('GET', '/models')
  take('models of a list', 'OpenAI.Model[]', models)
  take('a model', 'OpenAI.Model', await client.json('GET', '/models/gpt-6-luna'))
  return answers
}

/** Type of the chunks and body, by path. */
const STREAMS: readonly (readonly [string, string, object])[] = [
  ['/chat/completions', 'OpenAI.ChatCompletionChunk', { ...CHAT, stream_options: { include_usage: true } }],
  [
    '/chat/completions',
    'OpenAI.ChatCompletionChunk',
    { ...CHAT, tools: [{ type: 'function', function: TOOL }], tool_choice: 'required' },
  ],
  ['/chat/completions', 'OpenAI.ChatCompletionChunk', asked('[[simulate: refusal]]')],
  [
    '/completions',
    'CompletionChunk',
    { model: 'gpt-3.5-turbo-instruct', prompt: 'x', stream_options: { include_usage: true } },
  ],
  ['/responses', 'StreamEvent', RESPONSE],
  ['/responses', 'StreamEvent', { ...RESPONSE, input: '[[simulate: refusal]]' }],
  ['/responses', 'StreamEvent', { ...RESPONSE, tools: [{ type: 'function', ...TOOL }], tool_choice: 'required' }],
]

async function streamedAnswers(server: LocalServer): Promise<TypedAnswer[]> {
  const client = new RawClient(server.openaiUrl)
  const answers: TypedAnswer[] = []
  for (const [path, type, body] of STREAMS) {
    const response = await client.send('POST', path, { ...body, stream: true })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const lines = (await response.text())
      .split('\n')
      .filter((line) => line.startsWith('data: ') && !line.endsWith('[DONE]'))
    expect(lines.length).toBeGreaterThan(2)
    const events = lines.map((line): unknown => JSON.parse(line.slice('data: '.length)))
    answers.push(...events.map((value, place) => ({ name: `${path} event ${place}`, type, value })))
  }
  return answers
}

describe("what OpenAI's dialect answers", () => {
  it('has every member that the types of the official SDK ask for, and no other', async () => {
    const server = await serverForTest()
    expect(await typeErrors([...(await openaiAnswers(server)), ...(await streamedAnswers(server))])).toBe('')
  })

  it('would be found wrong without a member, or with one of another type', async () => {
    const server = await serverForTest()
    const answer = await new RawClient(server.openaiUrl).json<{ usage: unknown; object: unknown }>(
      'POST',
      '/chat/completions',
      CHAT,
    )
    const { object: _, ...less } = answer
    const errors = await typeErrors([
      { name: 'without object', type: 'OpenAI.ChatCompletion', value: less },
      { name: 'with usage', type: 'OpenAI.ChatCompletion', value: { ...answer, usage: 'much' } },
      { name: 'with more', type: 'OpenAI.ChatCompletion', value: { ...answer, more: 1 } },
    ])
    expect(errors.match(/error TS\d+/g)).toHaveLength(3)
  })
})

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly error?: unknown }
}

const MISTRAL_CHAT = { model: 'mistral-small-latest', messages: [{ role: 'user', content: 'x' }] }
const PDF = 'data:application/pdf;base64,JVBERi0xLjQK'

/** Path, schema, body. */
const MISTRAL_CALLS: readonly (readonly [string, Schema, object])[] = [
  ['/chat/completions', mistral.ChatCompletionResponse$inboundSchema, { ...MISTRAL_CHAT, n: 2 }],
  [
    '/chat/completions',
    mistral.ChatCompletionResponse$inboundSchema,
    { ...MISTRAL_CHAT, tools: [{ type: 'function', function: TOOL }], tool_choice: 'any' },
  ],
  ['/fim/completions', mistral.FIMCompletionResponse$inboundSchema, { model: 'codestral-latest', prompt: 'x' }],
  ['/embeddings', mistral.EmbeddingResponse$inboundSchema, { model: 'mistral-embed', input: ['a', 'b'] }],
  ['/moderations', mistral.ModerationResponse$inboundSchema, { model: 'mistral-moderation-latest', input: 'x' }],
  ['/chat/moderations', mistral.ModerationResponse$inboundSchema, { model: 'm', input: MISTRAL_CHAT.messages }],
  ['/classifications', mistral.ClassificationResponse$inboundSchema, { model: 'm', input: 'x' }],
  [
    '/chat/classifications',
    mistral.ClassificationResponse$inboundSchema,
    { model: 'm', input: { messages: MISTRAL_CHAT.messages } },
  ],
  [
    '/ocr',
    mistral.OCRResponse$inboundSchema,
    { model: 'mistral-ocr-latest', document: { type: 'document_url', document_url: PDF } },
  ],
  ['/conversations', mistral.ConversationResponse$inboundSchema, { model: 'm', inputs: 'x' }],
  [
    '/audio/transcriptions',
    mistral.TranscriptionResponse$inboundSchema,
    { model: 'm', file_url: 'https://example.com/x.mp3' },
  ],
]

describe("what Mistral's dialect answers", () => {
  /** What the SDK finds wrong in a value, or undefined. */
  function flawOf(schema: Schema, value: unknown): unknown {
    return schema.safeParse(value).error
  }

  it.each(MISTRAL_CALLS)('%s has the shape that the official SDK checks', async (path, schema, body) => {
    const client = new RawClient((await serverForTest()).mistralUrl)
    expect(flawOf(schema, await client.json('POST', path, body))).toBeUndefined()
  })

  it('files, jobs and models too', async () => {
    const server = await serverForTest()
    const client = new RawClient(server.mistralUrl)
    const file = await client.upload(JSON.stringify({ custom_id: 'one', body: { messages: MISTRAL_CHAT.messages } }))
    const job = await client.json<{ readonly id: string }>('POST', '/batch/jobs', {
      endpoint: '/v1/chat/completions',
      model: 'mistral-small-latest',
      input_files: [file],
    })
    expect(flawOf(mistral.BatchJob$inboundSchema, job)).toBeUndefined()
    await server.drain()
    expect(flawOf(mistral.BatchJob$inboundSchema, await client.json('GET', `/batch/jobs/${job.id}`))).toBeUndefined()
    expect(flawOf(mistral.ListBatchJobsResponse$inboundSchema, await client.json('GET', '/batch/jobs'))).toBeUndefined()
    expect(flawOf(mistral.ListFilesResponse$inboundSchema, await client.json('GET', '/files'))).toBeUndefined()
    expect(flawOf(mistral.GetFileResponse$inboundSchema, await client.json('GET', `/files/${file}`))).toBeUndefined()
    expect(
      flawOf(mistral.GetSignedUrlResponse$inboundSchema, await client.json('GET', `/files/${file}/url`)),
    ).toBeUndefined()
    expect(
      flawOf(mistral.DeleteFileResponse$inboundSchema, await client.json('DELETE', `/files/${file}`)),
    ).toBeUndefined()
    expect(flawOf(mistral.ModelList$inboundSchema, await client.json('GET', '/models'))).toBeUndefined()
    expect(
      flawOf(mistral.BaseModelCard$inboundSchema, await client.json('GET', '/models/mistral-small-latest')),
    ).toBeUndefined()
  })

  it('streams have the shape of its chunks', async () => {
    const client = new RawClient((await serverForTest()).mistralUrl)
    const text = await (await client.send('POST', '/chat/completions', { ...MISTRAL_CHAT, stream: true })).text()
    const events = text.split('\n').filter((line) => line.startsWith('data: {'))
    expect(events.length).toBeGreaterThan(2)
    for (const event of events) {
      expect(flawOf(mistral.CompletionChunk$inboundSchema, JSON.parse(event.slice('data: '.length)))).toBeUndefined()
    }
  })
})
