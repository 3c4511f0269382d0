// The official SDK is an outside oracle: it was written against the real API, and it must find the same one here.
import Groq, {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  RateLimitError,
  toFile,
} from 'groq-sdk'
import { describe, expect, it } from 'vitest'
import { peculiaritiesOf } from '../providers/host-rows.ts'
import { heldClock } from '../support/held-clock.ts'
import { requestLine, serverForTest } from '../support/local-server.ts'

const ENDPOINT = '/v1/chat/completions'

function clientOf(baseURL: string, apiKey = 'gsk-test'): Groq {
  return new Groq({ apiKey, baseURL, maxRetries: 0 })
}

async function create(client: Groq, ...prompts: readonly string[]): Promise<Groq.BatchCreateResponse> {
  const lines = prompts.map((prompt, index) => `${requestLine(`r${index}`, prompt)}\n`).join('')
  const file = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from(lines), 'rows.jsonl') })
  return await client.batches.create({ input_file_id: file.id ?? '', endpoint: ENDPOINT, completion_window: '24h' })
}

describe('the official SDK of groq at the local server with its peculiarities', () => {
  it('stores, creates, lists, waits, reads, cancels and deletes', async () => {
    const { clock, release } = heldClock()
    const server = await serverForTest({ clock, peculiarities: peculiaritiesOf('groq') })
    const client = clientOf(server.url)
    const made: string[] = []
    for (const prompt of ['One.', 'Two.', 'Three.'])
      made.push((await create(client, prompt, '[[simulate: status=500]]')).id)
    const listed = await client.batches.list()
    expect(listed.data.map(({ id }) => id)).toEqual(made.toReversed())
    const [first = '', second = ''] = made
    expect(await client.batches.cancel(second)).toMatchObject({ status: 'cancelling' })
    release()
    await server.drain()
    expect(await client.batches.retrieve(second)).toMatchObject({ status: 'cancelled' })
    const batch = await client.batches.retrieve(first)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 2, completed: 1, failed: 1 } })
    const read = async (id = ''): Promise<unknown> => JSON.parse(await (await client.files.content(id)).text())
    expect(await read(batch.output_file_id)).toMatchObject({ custom_id: 'r0', response: { status_code: 200 } })
    expect(await read(batch.error_file_id)).toMatchObject({ custom_id: 'r1', response: { status_code: 500 } })
    expect(await client.files.info(batch.input_file_id)).toMatchObject({ filename: 'rows.jsonl', purpose: 'batch' })
    expect((await client.files.list()).data?.map(({ id }) => id)).toContain(batch.input_file_id)
    expect(await client.files.delete(batch.input_file_id)).toMatchObject({ deleted: true })
    await expect(client.files.info(batch.input_file_id)).rejects.toBeInstanceOf(NotFoundError)
  })

  it('answers directly', async () => {
    const server = await serverForTest({ peculiarities: peculiaritiesOf('groq') })
    const messages = [{ role: 'user' as const, content: 'Is it?' }]
    const answer = await clientOf(server.url).chat.completions.create({ model: 'llama-3.3-70b', messages })
    expect(answer.choices[0]?.message.content).toContain('[simulated]')
  })

  it('throws an error of the right class', async () => {
    const peculiarities = peculiaritiesOf('groq')
    const server = await serverForTest({ peculiarities, acceptedKeys: ['gsk-test'] })
    const client = clientOf(server.url)
    const { id } = await create(client, 'One.')
    await server.drain()
    await expect(client.batches.cancel(id)).rejects.toBeInstanceOf(ConflictError)
    await expect(client.batches.retrieve('batch_none')).rejects.toBeInstanceOf(NotFoundError)
    const missing = { input_file_id: 'file-none', endpoint: ENDPOINT, completion_window: '24h' } as const
    await expect(client.batches.create(missing)).rejects.toBeInstanceOf(BadRequestError)
    await expect(clientOf(server.url, 'wrong').batches.list()).rejects.toBeInstanceOf(AuthenticationError)
    server.setFaults(['create:1=status(429)'])
    await expect(create(client, 'Two.')).rejects.toBeInstanceOf(RateLimitError)
  })
})
