// The official SDK is an outside oracle: it was written against the real API, and it must find the same one here.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiError, GoogleGenAI } from '@google/genai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocalServer } from '../../src/testing.ts'

const MODEL = 'gemini-3.8-flash'

let folder: string
let server: LocalServer
let client: GoogleGenAI

function clientOf(apiKey: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: server.geminiUrl.replace(/\/v1beta$/, '') } })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-server-'))
  server = await startLocalServer({ folder: join(folder, 'server'), accounts: { another: 'theirs' } })
  client = clientOf('test')
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

function line(key: string, text: string): string {
  return JSON.stringify({ key, request: { contents: [{ role: 'user', parts: [{ text }] }] } })
}

async function upload(...lines: readonly string[]): Promise<string> {
  const path = join(folder, 'rows.jsonl')
  await writeFile(path, lines.join('\n'))
  const file = await client.files.upload({ file: path, config: { mimeType: 'jsonl', displayName: 'rows.jsonl' } })
  return file.name ?? ''
}

async function create(src: string, displayName = 'rows') {
  return await client.batches.create({ model: MODEL, src, config: { displayName } })
}

describe('the server as the official SDK of Gemini sees it', () => {
  it('stores a file, shows it, lists it and deletes it', async () => {
    const name = await upload(line('a', 'One.'))
    expect(await client.files.get({ name })).toMatchObject({ displayName: 'rows.jsonl', state: 'ACTIVE' })
    const listed: unknown[] = []
    for await (const file of await client.files.list()) listed.push(file.name)
    expect(listed).toContain(name)
    await client.files.delete({ name })
    await expect(client.files.get({ name })).rejects.toMatchObject({ name: 'ApiError', status: 403 })
  })

  it('takes a file of many parts', async () => {
    const text = 'x'.repeat(1_000)
    const lines = Array.from({ length: 9_000 }, (_, index) => line(`k${index}`, text))
    const name = await upload(...lines)
    expect(await client.files.get({ name })).toMatchObject({ sizeBytes: String(lines.join('\n').length) })
  })

  it('creates a batch of a file, ends it, and gives its answers and errors by their keys', async () => {
    const name = await upload(line('good', 'One.'), line('bad', '[[simulate: status=400]]'))
    const made = await create(name, 'my batch')
    expect(made).toMatchObject({ displayName: 'my batch', state: 'JOB_STATE_PENDING' })
    await server.drain()
    const ended = await client.batches.get({ name: made.name ?? '' })
    expect(ended).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', model: `models/${MODEL}` })
    const downloadPath = join(folder, 'answers.jsonl')
    await client.files.download({ file: ended.dest?.fileName ?? '', downloadPath })
    await expect
      .poll(async () => (await readFile(downloadPath, 'utf8').catch(() => '')).trimEnd().split('\n').length)
      .toBe(2)
    const lines = (await readFile(downloadPath, 'utf8')).trimEnd().split('\n')
    const byKey = new Map(lines.map((text) => JSON.parse(text) as { key: string }).map((row) => [row.key, row]))
    expect(byKey.get('good')).toMatchObject({
      response: { candidates: [{ finishReason: 'STOP', content: { role: 'model' } }] },
    })
    expect(byKey.get('bad')).toMatchObject({ error: { code: 400, status: 'INVALID_ARGUMENT' } })
  })

  it('takes requests in the create itself, and gives their answers with the batch', async () => {
    const src = [{ contents: [{ role: 'user', parts: [{ text: 'Inline.' }] }], metadata: { key: 'one' } }]
    const made = await client.batches.create({ model: MODEL, src, config: { displayName: 'inline' } })
    await server.drain()
    const { dest } = await client.batches.get({ name: made.name ?? '' })
    const [answer] = dest?.inlinedResponses ?? []
    expect(answer?.response?.candidates?.[0]?.content?.parts?.[0]?.text).toContain('[simulated]')
    expect(answer?.metadata).toEqual({ key: 'one' })
  })

  it('lists batches through pages, each account its own', async () => {
    const name = await upload(line('a', 'One.'))
    const made = await Promise.all(Array.from({ length: 5 }, async () => (await create(name)).name))
    const listed: unknown[] = []
    for await (const batch of await client.batches.list({ config: { pageSize: 2 } })) listed.push(batch.name)
    expect(listed).toEqual(expect.arrayContaining(made))
    expect(new Set(listed).size).toBe(listed.length)
    const theirs = await clientOf('another').batches.list()
    expect(theirs.page).toEqual([])
  })

  it('cancels a batch, deletes it, and does not know it any more', async () => {
    const slow = await startLocalServer({ folder: join(folder, 'slow'), durations: { runMs: 3_600_000, cancelMs: 0 } })
    try {
      const baseUrl = slow.geminiUrl.replace(/\/v1beta$/, '')
      const other = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl } })
      const src = [{ contents: 'One.' }, { contents: 'Two.' }]
      const { name = '' } = await other.batches.create({ model: MODEL, src, config: { displayName: 'slow' } })
      await other.batches.cancel({ name })
      await slow.drain()
      expect(await other.batches.get({ name })).toMatchObject({ state: 'JOB_STATE_CANCELLED' })
      await other.batches.delete({ name })
      await expect(other.batches.get({ name })).rejects.toMatchObject({ status: 404 })
    } finally {
      await slow.close()
    }
  })

  it('makes batches of embeddings', async () => {
    const name = await upload(JSON.stringify({ key: 'a', request: { content: { parts: [{ text: 'ant' }] } } }))
    const src = { fileName: name }
    const made = await client.batches.createEmbeddings({
      model: 'gemini-embedding-001',
      src,
      config: { displayName: 'vectors' },
    })
    await server.drain()
    expect(await client.batches.get({ name: made.name ?? '' })).toMatchObject({ state: 'JOB_STATE_SUCCEEDED' })
  })

  it('answers directly: text, JSON of a schema, calls of tools and vectors', async () => {
    const plain = await client.models.generateContent({ model: MODEL, contents: 'Is it?' })
    expect(plain.text).toContain('[simulated]')
    expect(plain.usageMetadata?.promptTokenCount).toBeGreaterThan(0)
    const schema = { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] }
    const config = { responseMimeType: 'application/json', responseJsonSchema: schema }
    const shaped = await client.models.generateContent({ model: MODEL, contents: 'How many?', config })
    expect(JSON.parse(shaped.text ?? '')).toEqual({ count: expect.any(Number) })
    const functionDeclarations = [{ name: 'look_up', parametersJsonSchema: schema }]
    const calling = {
      tools: [{ functionDeclarations }],
      toolConfig: { functionCallingConfig: { mode: 'ANY' as never } },
    }
    const called = await client.models.generateContent({ model: MODEL, contents: 'Look it up.', config: calling })
    expect(called.functionCalls).toMatchObject([{ name: 'look_up', args: { count: expect.any(Number) } }])
    const filtered = await client.models.generateContent({ model: MODEL, contents: '[[simulate: content_filter]]' })
    expect(filtered.candidates?.[0]?.finishReason).toBe('SAFETY')
  })

  it('refuses as the API does: a wrong model, a bad line, a file that is not there, a key', async () => {
    const name = await upload(line('a', 'One.'))
    const bad = await upload('{"key":"a"}')
    const refusals = [
      [() => client.batches.create({ model: 'no-such-model', src: name, config: { displayName: 'x' } }), 404],
      [() => create(bad), 400],
      [() => create('files/nothere'), 403],
      [() => client.batches.get({ name: 'batches/nothere' }), 404],
      [() => client.models.generateContent({ model: 'no-such-model', contents: 'x' }), 404],
    ] as const
    for (const [call, status] of refusals) {
      const error: unknown = await call().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({ status })
    }
    const strict = await startLocalServer({ folder: join(folder, 'strict'), acceptedKeys: ['right'] })
    try {
      const baseUrl = strict.geminiUrl.replace(/\/v1beta$/, '')
      const wrong = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl } })
      await expect(wrong.batches.list()).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('API_KEY_INVALID'),
      })
    } finally {
      await strict.close()
    }
  })
})
