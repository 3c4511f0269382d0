// The official SDK is an outside oracle: it was written against the real API, and it must find the same one here.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocalServer } from '../../src/testing.ts'

let folder: string
let server: LocalServer
let client: OpenAI

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-server-'))
  server = await startLocalServer({ folder })
  client = new OpenAI({ apiKey: 'sk-test', baseURL: server.openaiUrl, maxRetries: 0 })
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

function line(id: string, prompt: string, body: object = {}): string {
  const messages = [{ role: 'user', content: prompt }]
  const request = { model: 'gpt-6-luna', messages, ...body }
  return JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: request })
}

async function upload(...lines: readonly string[]): Promise<OpenAI.FileObject> {
  return await client.files.create({
    purpose: 'batch',
    file: await toFile(Buffer.from(lines.join('\n')), 'rows.jsonl'),
  })
}

async function create(inputFileId: string, metadata?: Record<string, string>): Promise<OpenAI.Batch> {
  const required = { input_file_id: inputFileId, endpoint: '/v1/chat/completions', completion_window: '24h' } as const
  return await client.batches.create(metadata ? { ...required, metadata } : required)
}

async function ended(id: string): Promise<OpenAI.Batch> {
  await server.drain()
  return await client.batches.retrieve(id)
}

async function linesOf(fileId: string | null | undefined): Promise<Record<string, never>[]> {
  const text = await (await client.files.content(fileId ?? '')).text()
  return text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as Record<string, never>)
}

describe('the official OpenAI SDK against the local server', () => {
  it('uploads, creates, polls and downloads', async () => {
    const file = await upload(line('one', 'Say hello'), line('two', 'Answer with one of: red, blue. The sky is blue.'))
    expect(file).toMatchObject({ object: 'file', purpose: 'batch', filename: 'rows.jsonl', status: 'processed' })
    const created = await create(file.id, { marker: 'abc' })
    expect(created).toMatchObject({ object: 'batch', status: 'validating', metadata: { marker: 'abc' } })
    expect(created.request_counts).toEqual({ total: 0, completed: 0, failed: 0 })

    const batch = await ended(created.id)
    expect(batch).toMatchObject({ status: 'completed', input_file_id: file.id, error_file_id: null })
    expect(batch.request_counts).toEqual({ total: 2, completed: 2, failed: 0 })
    expect(batch.usage?.total_tokens).toBeGreaterThan(0)
    const results = await linesOf(batch.output_file_id)
    expect(new Set(results.map((result) => result['custom_id']))).toEqual(new Set(['one', 'two']))
    expect(results).toHaveLength(2)
    expect(results.find((result) => result['custom_id'] === 'two')).toMatchObject({
      error: null,
      response: {
        status_code: 200,
        body: {
          object: 'chat.completion',
          model: 'gpt-6-luna-2026-01-15',
          choices: [{ message: { content: '[simulated] blue' }, finish_reason: 'stop' }],
        },
      },
    })
  })

  it('finds rows that failed in the error file', async () => {
    const file = await upload(line('good', 'x'), line('bad', 'y [[simulate: status=500]]'))
    const batch = await ended((await create(file.id)).id)
    expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 })
    expect(await linesOf(batch.error_file_id)).toMatchObject([
      { custom_id: 'bad', error: null, response: { status_code: 500, body: { error: { code: 'server_error' } } } },
    ])
  })

  it('lists every batch once through all pages', async () => {
    const file = await upload(line('one', 'x'))
    const ids: string[] = []
    for (let count = 0; count < 7; count += 1) ids.push((await create(file.id)).id)
    await server.drain()
    const listed: string[] = []
    for await (const batch of client.batches.list({ limit: 3 })) listed.push(batch.id)
    expect(listed).toEqual(expect.arrayContaining(ids))
    expect(new Set(listed).size).toBe(listed.length)
  })

  it('lists, retrieves and deletes files', async () => {
    const file = await upload(line('one', 'x'))
    const listed: string[] = []
    for await (const one of client.files.list({ purpose: 'batch', limit: 2 })) listed.push(one.id)
    expect(listed).toContain(file.id)
    expect((await client.files.retrieve(file.id)).bytes).toBe(line('one', 'x').length)
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true })
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 })
    await expect(create(file.id)).rejects.toMatchObject({ status: 400 })
  })

  it('cancels a batch and gives the part that was finished', async () => {
    server.setFaults(['run=stuck(0.5)'])
    const file = await upload(...Array.from({ length: 10 }, (_, place) => line(`row-${place}`, `prompt ${place}`)))
    const created = await create(file.id)
    await expect
      .poll(async () => (await client.batches.retrieve(created.id)).request_counts?.completed, { interval: 10 })
      .toBe(5)
    expect((await client.batches.cancel(created.id)).status).toBe('cancelling')
    const batch = await ended(created.id)
    server.setFaults([])
    expect(batch.status).toBe('cancelled')
    expect(await linesOf(batch.output_file_id)).toHaveLength(5)
    expect(await linesOf(batch.error_file_id)).toHaveLength(5)
    await expect(client.batches.cancel(created.id)).rejects.toMatchObject({ status: 409 })
  })

  it.each([
    ['a batch that was never made', () => client.batches.retrieve('batch_none'), { status: 404 }],
    ['a listing of more than 100', () => client.batches.list({ limit: 101 }), { code: 'integer_above_max_value' }],
    [
      'a file that is not called .jsonl',
      async () =>
        await toFile(Buffer.from('{}'), 'rows.txt').then((file) => client.files.create({ file, purpose: 'batch' })),
      { status: 400 },
    ],
  ])('is refused %s as by the real API', async (_, call, refusal) => {
    await expect(call()).rejects.toMatchObject(refusal)
  })

  it('answers the synchronous endpoints', async () => {
    const messages = [{ role: 'user' as const, content: 'Say hello' }]
    const chat = await client.chat.completions.create({ model: 'gpt-6-luna', messages })
    expect(chat.choices[0]?.message.content).toMatch(/^\[simulated\] /)
    const response = await client.responses.create({ model: 'gpt-6.1-terra', input: 'Say hello' })
    expect(response.output_text).toMatch(/^\[simulated\] /)
    const vectors = await client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
      dimensions: 4,
    })
    expect(vectors.data.map((one) => one.embedding.length)).toEqual([4, 4])
    const verdict = await client.moderations.create({ input: 'a', model: 'omni-moderation-latest' })
    expect(verdict.results[0]?.flagged).toBe(false)
  })

  it('answers every input, packs vectors as the SDK unpacks them, and gives as many choices as asked for', async () => {
    const model = 'text-embedding-3-small'
    const plain = await client.embeddings.create({ model, input: ['a', 'b'], encoding_format: 'float' })
    // Without a format the SDK asks for base64 by itself and decodes it.
    const packed = await client.embeddings.create({ model, input: ['a', 'b'] })
    expect(packed.data.map(({ embedding }) => embedding)).toEqual(plain.data.map(({ embedding }) => embedding))
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1])
    expect(
      (await client.embeddings.create({ model, input: 'b', encoding_format: 'float' })).data[0]?.embedding,
    ).toEqual(plain.data[1]?.embedding)
    await expect(client.embeddings.create({ model, input: '' })).rejects.toMatchObject({ status: 400 })
    const verdicts = await client.moderations.create({ model: 'omni-moderation-latest', input: ['hats', 'violence'] })
    expect(verdicts.results.map(({ categories, flagged }) => [flagged, categories.violence])).toEqual([
      [false, false],
      [true, true],
    ])
    expect(verdicts.results[1]?.category_scores.violence).toBeGreaterThan(0.5)
    expect(verdicts.results[1]?.category_applied_input_types.violence).toEqual(['text'])
    const messages = [{ role: 'user' as const, content: 'Say hello' }]
    const chat = await client.chat.completions.create({ model: 'gpt-6-luna', messages, n: 2 })
    expect(chat.choices.map(({ index }) => index)).toEqual([0, 1])
    expect(chat.choices[0]?.message.content).not.toBe(chat.choices[1]?.message.content)
    const completion = await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Say hello' })
    expect(completion.choices[0]?.text).toMatch(/^\[simulated\] /)
    const response = await client.responses.create({ model: 'gpt-6-luna', instructions: 'Short.', input: messages })
    expect(response).toMatchObject({ status: 'completed', output_text: expect.stringMatching(/^\[simulated\] /) })
  })

  it('streams an answer as it would have given it whole', async () => {
    const request = { model: 'gpt-6-luna', messages: [{ role: 'user' as const, content: 'Say hello' }] }
    const whole = await client.chat.completions.create(request)
    let text = ''
    let usage: unknown
    const options = { stream: true, stream_options: { include_usage: true } } as const
    for await (const chunk of await client.chat.completions.create({ ...request, ...options })) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage ??= chunk.usage
    }
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(usage).toEqual(whole.usage)
    const response = client.responses.stream({ model: 'gpt-6-luna', input: 'Say hello' })
    expect((await response.finalResponse()).output_text).toMatch(/^\[simulated\] /)
  })

  it('calls the tool that the request names, with arguments that satisfy its schema', async () => {
    const parameters = { type: 'object', properties: { label: { enum: ['bug', 'question'] } } }
    const tools = ['other', 'set_label'].map((name) => ({ type: 'function' as const, function: { name, parameters } }))
    const chat = await client.chat.completions.create({
      model: 'gpt-6-luna',
      messages: [{ role: 'user', content: 'Is it a bug?' }],
      tools,
      tool_choice: { type: 'function', function: { name: 'set_label' } },
    })
    expect(chat.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: 'set_label', arguments: '{"label":"bug"}' } }] },
    })
  })

  it('judges without a model, in a call and in a batch', async () => {
    expect((await client.moderations.create({ input: 'violence' })).results[0]?.flagged).toBe(true)
    const row = { custom_id: 'one', method: 'POST', url: '/v1/moderations', body: { input: 'violence' } }
    const { id } = await upload(JSON.stringify(row))
    const created = await client.batches.create({
      input_file_id: id,
      endpoint: '/v1/moderations',
      completion_window: '24h',
    })
    const batch = await ended(created.id)
    expect(await linesOf(batch.output_file_id)).toMatchObject([
      { response: { body: { model: 'omni-moderation-latest-2026-01-15', results: [{ flagged: true }] } } },
    ])
  })

  it('lists models, and says under which name a file is kept', async () => {
    const names: string[] = []
    for await (const model of client.models.list()) names.push(model.id)
    expect(names).toEqual(expect.arrayContaining(['gpt-6-luna', 'text-embedding-3-small']))
    expect(await client.models.retrieve('my-model')).toMatchObject({ id: 'my-model', object: 'model' })
    await expect(client.models.retrieve('no-such-model')).rejects.toMatchObject({ status: 404 })
    const content = await client.files.content((await upload(line('one', 'x'))).id)
    expect(content.headers.get('content-disposition')).toBe('attachment; filename="rows.jsonl"')
    const odd = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from('{}'), 'é".jsonl') })
    expect((await client.files.content(odd.id)).headers.get('content-disposition')).toMatch(
      /^attachment; filename="[ -!#-~]+\.jsonl"; filename\*=UTF-8''[A-Za-z\d%.]+$/,
    )
  })

  it.each([
    ['/chat/completions', {}],
    ['/chat/completions', { messages: 'x' }],
    ['/chat/completions', { messages: [] }],
    ['/responses', {}],
    ['/completions', {}],
    ['/embeddings', {}],
    ['/moderations', {}],
  ])('refuses a request for %s without what it is about: %j', async (path, parts) => {
    const body = { model: 'gpt-6-luna', ...parts }
    await expect(client.post(path, { body })).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })
    const row = { custom_id: 'one', method: 'POST', url: `/v1${path}`, body }
    const { id } = await upload(JSON.stringify(row))
    const endpoint = `/v1${path}` as '/v1/responses'
    const created = await client.batches.create({ input_file_id: id, endpoint, completion_window: '24h' })
    const batch = await ended(created.id)
    expect(await linesOf(batch.error_file_id)).toMatchObject([{ response: { status_code: 400 } }])
  })

  it('refuses max_tokens for a reasoning model, as a row and as a call', async () => {
    const body = { model: 'gpt-6.1-terra', max_tokens: 10, messages: [{ role: 'user' as const, content: 'x' }] }
    await expect(client.chat.completions.create(body)).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
    })
    const file = await upload(line('one', 'x', { model: 'gpt-6.1-terra', max_tokens: 10 }))
    const batch = await ended((await create(file.id)).id)
    expect(batch.output_file_id).toBeNull()
    expect(await linesOf(batch.error_file_id)).toMatchObject([
      { response: { body: { error: { param: 'max_tokens' } } } },
    ])
  })
})
