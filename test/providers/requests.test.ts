import { afterEach, describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/lib/random.ts'
import { connectProvider } from '../../src/providers/connect.ts'
import { createTransport } from '../../src/providers/http.ts'
import { createOpenAIProvider } from '../../src/providers/openai/adapter.ts'
import { NotCreated, type Provider, Unknown } from '../../src/providers/provider.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { adapterFor, impatientClock, KEY } from '../support/adapter.ts'
import { answerJson, type HttpServer, startHttpServer } from '../support/http-server.ts'

const CHAT = '/v1/chat/completions'
const target = { provider: 'x', endpoint: CHAT, model: 'small-1' }
const NEW_BATCH = { target, metadata: { llm_batch_nonce: 'n' }, windowHours: 48 }
const never = (): AbortSignal => new AbortController().signal
const servers: HttpServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(answer: Parameters<typeof startHttpServer>[0]): Promise<HttpServer> {
  const server = await startHttpServer(answer)
  servers.push(server)
  return server
}

/** An adapter before a server that gives every call the same JSON. */
async function before(name: 'openai' | 'mistral', value: unknown): Promise<{ provider: Provider; server: HttpServer }> {
  const server = await serve((_, response) => answerJson(response, 200, value))
  return { provider: adapterFor(name, server.origin), server }
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}

describe('what is sent', () => {
  it('to OpenAI creates a batch with its endpoint, window and markers', async () => {
    const { provider, server } = await before('openai', { id: 'batch_1', status: 'validating' })
    await provider.create(NEW_BATCH, { id: 'file-1' }, never())
    expect(server.received).toMatchObject([{ method: 'POST', path: '/v1/batches' }])
    expect(JSON.parse(String(server.received[0]?.body))).toEqual({
      input_file_id: 'file-1',
      endpoint: CHAT,
      completion_window: '24h',
      metadata: { llm_batch_nonce: 'n' },
    })
  })

  it('to Mistral creates a job with its model and the hours it may take', async () => {
    const { provider, server } = await before('mistral', { id: 'job-1', status: 'QUEUED' })
    await provider.create(NEW_BATCH, { id: 'file-1' }, never())
    await provider.create({ ...NEW_BATCH, windowHours: null }, { id: 'file-1' }, never())
    const job = { input_files: ['file-1'], endpoint: CHAT, model: 'small-1', metadata: { llm_batch_nonce: 'n' } }
    expect(server.received.map(({ body, path }) => [path, JSON.parse(String(body))])).toEqual([
      ['/v1/batch/jobs', { ...job, timeout_hours: 48 }],
      ['/v1/batch/jobs', job],
    ])
  })

  it.each(['openai', 'mistral'] as const)('to %s as a create goes over a connection of its own', async (name) => {
    const { provider, server } = await before(name, { id: 'batch-1', status: 'RUNNING' })
    await provider.create(NEW_BATCH, { id: 'file-1' }, never())
    await provider.get('batch-1', never())
    expect(server.received.map(({ headers }) => headers.connection)).toEqual(['close', 'keep-alive'])
    expect(server.connections).toBe(2)
  })

  it('as lines has the shape of each provider', () => {
    const request = { wireId: 'b1', target, body: '{"a":1}' }
    expect(adapterFor('openai', 'http://127.0.0.1:9').encode(request)).toBe(
      '{"custom_id":"b1","method":"POST","url":"/v1/chat/completions","body":{"a":1}}',
    )
    expect(adapterFor('mistral', 'http://127.0.0.1:9').encode(request)).toBe('{"custom_id":"b1","body":{"a":1}}')
  })

  it.each(['openai', 'mistral'] as const)('from %s lists no further than a bound of bytes', async (name) => {
    let made = 0
    const server = await serve((_, response) => {
      const page = Array.from({ length: 100 }, () => ({ id: `batch-${(made += 1)}`, status: 'completed' }))
      answerJson(response, 200, { data: page, has_more: true, total: made + 1_000 })
    })
    const provider = adapterFor(name, server.origin, impatientClock, KEY, { mostListedBytes: 20_000 })
    const listing = await provider.list(new Date(0), never())
    expect(listing).toMatchObject({ isConclusive: false, reason: expect.stringContaining('longer than 20000 bytes') })
    expect(listing.batches.length).toBe(100 * server.received.length)
    expect(server.received.length).toBeLessThan(6)
  })

  it('to Mistral lists from an instant on, oldest first, page by page', async () => {
    const server = await serve(({ path }, response) => {
      const page = Number(new URL(path, 'http://x').searchParams.get('page'))
      answerJson(response, 200, { data: [{ id: `job-${page}`, status: 'RUNNING' }], total: 2 })
    })
    const since = new Date('2026-11-23T12:00:00Z')
    const listing = await adapterFor('mistral', server.origin).list(since, never())
    expect(listing.isConclusive && listing.batches.map(({ id }) => id)).toEqual(['job-0', 'job-1'])
    expect(server.received.map(({ path }) => path)).toEqual([
      '/v1/batch/jobs?order_by=created&created_after=2026-11-23T12%3A00%3A00.000Z&page=0&page_size=100',
      '/v1/batch/jobs?order_by=created&created_after=2026-11-23T12%3A00%3A00.000Z&page=1&page_size=100',
    ])
  })

  it('to OpenAI lists by cursor, and gives only what was created since', async () => {
    const server = await serve(({ path }, response) => {
      const isFirst = !path.includes('after')
      const batch = { status: 'completed', created_at: isFirst ? 1_763_900_000 : 1_763_800_000 }
      answerJson(response, 200, { data: [{ id: isFirst ? 'batch_b' : 'batch_a', ...batch }], has_more: isFirst })
    })
    const since = new Date(1_763_850_000_000)
    const listing = await adapterFor('openai', server.origin).list(since, never())
    expect(listing.isConclusive && listing.batches.map(({ id }) => id)).toEqual(['batch_b'])
    expect(server.received.map(({ path }) => path)).toEqual([
      '/v1/batches?limit=100',
      '/v1/batches?limit=100&after=batch_b',
    ])
  })

  it('to OpenAI names organization and project where they are given', async () => {
    const server = await serve((_, response) => answerJson(response, 200, { id: 'batch_1', status: 'validating' }))
    const transport = createTransport({
      apiOrigin: server.origin,
      clock: impatientClock,
      idleTimeoutMs: 5_000,
      environment: {},
    })
    const options = {
      apiKey: KEY,
      baseUrl: `${server.origin}/v1`,
      transport,
      clock: impatientClock,
      random: systemRandom,
    }
    await createOpenAIProvider({ ...options, organization: 'org-1', project: 'proj_1' }).get('batch_1', never())
    await createOpenAIProvider(options).get('batch_1', never())
    expect(server.received[0]?.headers).toMatchObject({ 'openai-organization': 'org-1', 'openai-project': 'proj_1' })
    expect(Object.keys(server.received[1]?.headers ?? {}).join()).not.toContain('openai')
  })

  it('directly to Mistral names the model that a job would name, unless the body does', async () => {
    const { provider, server } = await before('mistral', {})
    await provider.direct({ wireId: 'b1', target, body: '{"messages":[]}' }, never())
    await provider.direct({ wireId: 'b1', target, body: '{"model":"other", "n":1.0}' }, never())
    expect(server.received.map(({ path, body }) => [path, String(body)])).toEqual([
      [CHAT, '{"model":"small-1","messages":[]}'],
      [CHAT, '{"model":"other", "n":1.0}'],
    ])
  })

  it('goes below whatever path the root has', async () => {
    const server = await serve((_, response) => answerJson(response, 200, {}))
    const transport = createTransport({
      apiOrigin: server.origin,
      clock: impatientClock,
      idleTimeoutMs: 5_000,
      environment: {},
    })
    const baseUrl = `${server.origin}/openai/v1`
    const options = { apiKey: KEY, baseUrl, transport, clock: impatientClock, random: systemRandom }
    await createOpenAIProvider(options).direct({ wireId: 'b1', target, body: '{}' }, never())
    expect(server.received[0]?.path).toBe('/openai/v1/chat/completions')
  })
})

describe('what comes back', () => {
  it.each([
    ['no id', {}],
    ['an id that leads elsewhere', { id: '../files', status: 'validating' }],
    ['an error with status 200', { error: { message: 'overloaded' } }],
    ['a list', []],
    ['null', null],
  ])('from a create with %s leaves it unknown', async (_, value) => {
    const { provider, server } = await before('openai', value)
    await expect(provider.create(NEW_BATCH, { id: 'file-1' }, never())).rejects.toBeInstanceOf(Unknown)
    expect(server.received).toHaveLength(1)
  })

  it('from a create at a dead address is that nothing was created', async () => {
    const server = await serve(() => {})
    const provider = adapterFor('openai', server.origin)
    await server.close()
    servers.pop()
    await expect(provider.create(NEW_BATCH, { id: 'file-1' }, never())).rejects.toBeInstanceOf(NotCreated)
  })

  it('about another batch than the one asked for counts as broken', async () => {
    const { provider } = await before('openai', { id: 'batch_2', status: 'completed' })
    await expect(provider.get('batch_1', never())).rejects.toMatchObject({ failure: { kind: 'shape' } })
  })

  it('from a direct call that the API refuses is the outcome of the request', async () => {
    const error = { message: 'Unsupported value', type: 'invalid_request_error', code: 'unsupported_value' }
    const server = await serve((_, response) => answerJson(response, 400, { error }))
    const { line, outcome } = await adapterFor('openai', server.origin).direct(
      { wireId: 'b1', target, body: '{}' },
      never(),
    )
    expect(outcome).toMatchObject({ status: 'failed', code: 'unsupported_value', billed: 'no', retryable: false })
    expect(adapterFor('openai', server.origin).decode(line, target)).toEqual({ wireId: 'b1', outcome })
    expect(server.received).toHaveLength(1)
  })

  it.each([
    [401, 'unauthorised'],
    [429, 'throttled'],
    [500, 'server'],
  ])('from a direct call with %i is thrown, after one attempt', async (status, kind) => {
    const server = await serve((_, response) => answerJson(response, status, { error: { message: 'no' } }))
    const call = adapterFor('openai', server.origin).direct({ wireId: 'b1', target, body: '{}' }, never())
    await expect(call).rejects.toMatchObject({ failure: { kind } })
    expect(server.received).toHaveLength(1)
  })
})

describe('a download', () => {
  async function download(headers: Record<string, string>, body: string | Buffer): Promise<string> {
    const server = await serve((_, response) => response.writeHead(200, headers).end(body))
    return await readAll(adapterFor('openai', server.origin).read({ id: 'file-1', role: 'output' }, never()))
  }

  it.each([
    ['lines', '{"custom_id":"b1"}\n{"custom_id":"b2"}\n'],
    ['nothing', ''],
    ['a byte order mark and space first', '\uFEFF \r\n{"custom_id":"b1"}\n'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]).toString('latin1')],
  ])('gives the bytes as they are: %s', async (_, body) => {
    expect(await download({}, body)).toBe(body)
  })

  it.each([
    ['a page', { 'content-type': 'text/html' }, '<html>sign in</html>'],
    ['a text', {}, 'upstream connect error'],
    ['a coding that was not asked for', { 'content-encoding': 'gzip' }, '{}'],
  ])('refuses %s', async (_, headers, body) => {
    await expect(download(headers, body)).rejects.toMatchObject({ failure: { kind: 'shape' } })
  })

  it('fails where it ends before its declared length', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"custom_id":"b1"}\n')
      setImmediate(() => response.destroy())
    })
    const reading = readAll(adapterFor('openai', server.origin).read({ id: 'file-1', role: 'output' }, never()))
    await expect(reading).rejects.toMatchObject({ failure: { kind: 'transport' } })
  })

  it('begins again by itself as long as nothing came', async () => {
    let calls = 0
    const server = await serve((_, response) => {
      calls += 1
      return calls < 3 ? answerJson(response, 502, {}) : response.end('{}\n')
    })
    expect(await readAll(adapterFor('openai', server.origin).read({ id: 'file-1', role: 'output' }, never()))).toBe(
      '{}\n',
    )
  })
})

describe('the limits', () => {
  const limits = (name: 'openai' | 'mistral', endpoint = CHAT) =>
    adapterFor(name, 'http://127.0.0.1:9').limits({ ...target, endpoint })

  it('are the documented ones, the stricter where documents disagree', () => {
    expect(limits('openai')).toMatchObject({
      maxRequests: 50_000,
      maxBytes: 200_000_000,
      retentionDays: 30,
      modelOn: 'line',
      absentRowIsUnbilled: [],
      windowHours: { default: 24, most: 24, canChoose: false },
    })
    expect(limits('mistral')).toMatchObject({
      maxRequests: 100_000,
      maxBytes: 512_000_000,
      retentionDays: 1,
      modelOn: 'job',
      absentRowIsUnbilled: [],
      windowHours: { default: 24, most: 167, canChoose: true },
    })
  })

  it.each([
    ['openai', CHAT, true, 'max_completion_tokens'],
    ['openai', '/v1/responses', true, 'max_output_tokens'],
    ['openai', '/v1/embeddings', true, null],
    ['openai', '/v1/ocr', false, null],
    ['mistral', CHAT, true, 'max_tokens'],
    ['mistral', '/v1/ocr', true, null],
    ['mistral', '/v1/responses', false, null],
  ] as const)('of %s for %s say whether it is known and how tokens are capped', (name, endpoint, isKnown, field) => {
    expect(limits(name, endpoint)).toMatchObject({ isEndpointKnown: isKnown, maxTokensField: field })
  })
})

describe('the registry', () => {
  it('names the providers there are when asked for another', () => {
    expect(() => findProvider('bedrock')).toThrow(/unknown provider "bedrock"/)
    expect(() => findProvider('toString')).toThrow(/unknown provider "toString"/)
    expect(findProvider('mistral').keyVariable).toBe('MISTRAL_API_KEY')
  })

  it('connects a provider with the key, root and waits of the configuration', async () => {
    const server = await serve((_, response) => answerJson(response, 200, { id: 'batch_1', status: 'validating' }))
    const provider = await connectProvider('openai', {
      configuration: {
        credentialsFor: () => ({ apiKey: KEY, baseUrl: `${server.origin}/v1`, isHttpAllowed: false }),
        settings: { waits: { httpMs: 5_000, retryBackoff: { firstMs: 10 } } },
      },
      environment: { OPENAI_PROJECT_ID: 'proj_1' },
      clock: impatientClock,
      random: systemRandom,
    })
    await provider.get('batch_1', never())
    expect(server.received[0]).toMatchObject({
      path: '/v1/batches/batch_1',
      headers: { authorization: `Bearer ${KEY}`, 'openai-project': 'proj_1' },
    })
  })
})
