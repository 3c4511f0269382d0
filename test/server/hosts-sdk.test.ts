// OpenAI's SDK as the documents of the hosts advise it: it must find each host here as it is, with what is peculiar to it.
import OpenAI, {
  AuthenticationError,
  AzureOpenAI,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  toFile,
} from 'openai'
import { describe, expect, it } from 'vitest'
import type { Peculiarity } from '../../src/testing.ts'
import { HOST_ROWS } from '../providers/host-rows.ts'
import { heldClock } from '../support/held-clock.ts'
import { requestLine, serverForTest } from '../support/local-server.ts'

const OPTIONS = { apiKey: 'sk-test', maxRetries: 0 }
const CHAT = '/v1/chat/completions'

/** The SDK as the client of a host, and how this host writes an endpoint. */
interface Client {
  readonly name: string
  readonly peculiarities: readonly Peculiarity[]
  readonly clientOf: (url: string, apiKey?: string) => OpenAI
  readonly endpoint: string
  /** The endpoint of lines. */
  readonly lineEndpoint: string
}

const AZURE: readonly Peculiarity[] = ['api-key-header', 'plain-endpoints', 'text-ids', 'empty-error-file']

const CLIENTS: readonly Client[] = [
  ...HOST_ROWS.map(({ endpoint = CHAT, name, peculiarities }) => {
    const written = peculiarities.includes('v4-endpoints') ? endpoint.replace('/v1/', '/v4/') : endpoint
    const clientOf: Client['clientOf'] = (url, apiKey = 'sk-test') =>
      new OpenAI({ ...OPTIONS, apiKey, baseURL: `${url}/v1` })
    return { name, peculiarities, clientOf, endpoint: written, lineEndpoint: written }
  }),
  {
    name: 'azure, at the v1 addresses',
    peculiarities: AZURE,
    clientOf: (url, apiKey = 'sk-test') => new OpenAI({ ...OPTIONS, apiKey, baseURL: `${url}/openai/v1` }),
    endpoint: '/chat/completions',
    lineEndpoint: CHAT,
  },
  {
    name: 'azure, by AzureOpenAI at the dated addresses',
    peculiarities: [...AZURE, 'dated-api'],
    clientOf: (url, apiKey = 'sk-test') =>
      new AzureOpenAI({ ...OPTIONS, apiKey, baseURL: `${url}/openai`, apiVersion: '2025-04-01-preview' }),
    endpoint: '/chat/completions',
    lineEndpoint: CHAT,
  },
]

/** Hosts that take files in a form, as OpenAI does; of the others their own SDK is the client. */
const IN_FORMS = CLIENTS.filter(({ peculiarities }) => !peculiarities.includes('signed-uploads'))

async function fileOf({ lineEndpoint: url, peculiarities }: Client, prompt: string) {
  const body = {
    model: 'a-model',
    [url.endsWith('/responses') ? 'input' : 'messages']: [{ role: 'user', content: prompt }],
  }
  const bare = { custom_id: 'r1', body }
  const line = peculiarities.includes('bare-lines') ? JSON.stringify(bare) : requestLine('r1', prompt, { url, body })
  return await toFile(Buffer.from(`${line}\n`), 'rows.jsonl')
}

/** What the host takes for a create, which the types of the SDK do not know at all of them. */
function wishOf({ endpoint, peculiarities }: Client, inputFileId: string): OpenAI.BatchCreateParams {
  const window = peculiarities.includes('no-window') ? {} : { completion_window: '24h' }
  const kept = peculiarities.includes('deletes-input') ? { auto_delete_input_file: false } : {}
  return { input_file_id: inputFileId, endpoint, ...window, ...kept } as OpenAI.BatchCreateParams
}

async function createWith(row: Client, client: OpenAI, prompt = 'Is it?'): Promise<OpenAI.Batch> {
  const file = await client.files.create({ purpose: 'batch', file: await fileOf(row, prompt) })
  return await client.batches.create(wishOf(row, file.id))
}

/** All batches; the SDK would ask a list without pages for more, which such a host refuses. */
async function listedBy({ peculiarities }: Pick<Client, 'peculiarities'>, client: OpenAI): Promise<readonly string[]> {
  if (peculiarities.includes('unpaged-list')) return (await client.batches.list()).data.map(({ id }) => id)
  const listed: string[] = []
  for await (const { id } of client.batches.list({ limit: 2 })) listed.push(id)
  return listed
}

describe.each(IN_FORMS)('the SDK of openai at $name', (row) => {
  it('stores, creates, lists through pages, waits, reads, cancels and deletes', async () => {
    const { clock, release } = heldClock()
    const server = await serverForTest({ clock, peculiarities: row.peculiarities })
    const client = row.clientOf(server.url)
    const made: string[] = []
    for (const prompt of ['One.', 'Two.', 'Three.']) made.push((await createWith(row, client, prompt)).id)
    expect((await listedBy(row, client)).toSorted()).toEqual(made.toSorted())
    const [first = '', second = ''] = made
    expect((await client.batches.cancel(second)).status.toLowerCase()).toMatch(/^cancel/)
    release()
    await server.drain()
    expect((await client.batches.retrieve(second)).status.toLowerCase()).toBe('cancelled')
    const batch = await client.batches.retrieve(first)
    expect(batch.status.toLowerCase()).toBe('completed')
    const text = await (await client.files.content(batch.output_file_id ?? '')).text()
    expect(JSON.parse(text)).toMatchObject({ custom_id: 'r1', response: { status_code: 200 } })
    expect(await client.files.delete(batch.input_file_id)).toMatchObject({ deleted: true })
  })

  it('throws an error of the right class', async () => {
    const server = await serverForTest({ peculiarities: row.peculiarities, acceptedKeys: ['sk-test'] })
    const client = row.clientOf(server.url)
    const { id } = await createWith(row, client)
    await server.drain()
    await expect(client.batches.cancel(id)).rejects.toBeInstanceOf(ConflictError)
    await expect(client.batches.retrieve('batch_none')).rejects.toBeInstanceOf(NotFoundError)
    await expect(client.batches.create(wishOf(row, 'file-none'))).rejects.toBeInstanceOf(BadRequestError)
    await expect(row.clientOf(server.url, 'sk-wrong').batches.list()).rejects.toBeInstanceOf(AuthenticationError)
    server.setFaults(['get:1=status(429)', 'get:2=status(500)'])
    await expect(client.batches.retrieve(id)).rejects.toBeInstanceOf(RateLimitError)
    await expect(client.batches.retrieve(id)).rejects.toBeInstanceOf(InternalServerError)
  })
})

it.each(IN_FORMS.filter(({ peculiarities }) => peculiarities.includes('idempotency-key')))(
  'the SDK of openai at $name creates one batch by two creates of the same key',
  async (row) => {
    const server = await serverForTest({ peculiarities: row.peculiarities })
    const client = row.clientOf(server.url)
    const file = await client.files.create({ purpose: 'batch', file: await fileOf(row, 'Is it?') })
    const create = async (idempotencyKey: string): Promise<string> =>
      (await client.batches.create(wishOf(row, file.id), { headers: { 'Idempotency-Key': idempotencyKey } })).id
    const [first, again, other] = [await create('one'), await create('one'), await create('two')]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(await server.ledger()).toMatchObject({ batchesCreated: 2 })
  },
)

it.each(CLIENTS.filter((row) => !IN_FORMS.includes(row)))(
  'the SDK of openai can store no file at $name, which takes none in a form',
  async (row) => {
    const server = await serverForTest({ peculiarities: row.peculiarities })
    const stored = row.clientOf(server.url).files.create({ purpose: 'batch', file: await fileOf(row, 'Is it?') })
    await expect(stored).rejects.toBeInstanceOf(BadRequestError)
  },
)

describe('the SDK of openai at openrouter, whose own has no batches', () => {
  const requests = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({
    custom_id: id,
    body: { model: 'openai/gpt-6-luna', messages: [{ role: 'user', content: `Is it ${id}?` }] },
  }))
  const wish = { endpoint: CHAT, model: 'openai/gpt-6-luna', requests }

  it('creates, lists through pages, waits, reads and deletes', async () => {
    const { clock, release } = heldClock()
    const server = await serverForTest({ clock })
    const client = new OpenAI({ ...OPTIONS, baseURL: `${server.url}/openrouter/api/v1` })
    const made: string[] = []
    for (const _ of ['one', 'two', 'three']) made.push((await client.post<OpenAI.Batch>('/batches', { body: wish })).id)
    const [first = ''] = made
    expect(await listedBy({ peculiarities: [] }, client)).toEqual(made.toReversed())
    await expect(client.delete(`/batches/${first}`)).rejects.toBeInstanceOf(ConflictError)
    await expect(client.batches.cancel(first)).rejects.toBeInstanceOf(NotFoundError)
    release()
    await server.drain()
    expect(await client.batches.retrieve(first)).toMatchObject({
      status: 'completed',
      request_counts: { completed: 6 },
    })
    const page = await client.get<{ data: object[]; next_cursor: string }>(`/batches/${first}/results`)
    const query = { cursor: page.next_cursor }
    const next = await client.get<{ data: object[] }>(`/batches/${first}/results`, { query })
    const read = [...page.data, ...next.data].map((row) => (row as { custom_id: string }).custom_id)
    expect(read.toSorted()).toEqual(requests.map((row) => row.custom_id))
    expect(await client.delete(`/batches/${first}`)).toMatchObject({ id: first })
    await expect(client.batches.retrieve(first)).rejects.toBeInstanceOf(NotFoundError)
  })

  it('is refused a create whose requests come before their model', async () => {
    const server = await serverForTest()
    const client = new OpenAI({ ...OPTIONS, baseURL: `${server.url}/openrouter/api/v1` })
    const body = { requests, endpoint: CHAT, model: wish.model }
    await expect(client.post('/batches', { body })).rejects.toBeInstanceOf(BadRequestError)
  })
})
