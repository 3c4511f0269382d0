// The official SDK is an outside oracle: it was written against the real API, and it must find the same one here.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type LocalServer, startLocalServer } from '../../src/testing.ts'
import { peculiaritiesOf } from '../providers/host-rows.ts'
import { heldClock } from '../support/held-clock.ts'

type Sdk = typeof import('together-ai')
type Client = InstanceType<Sdk['Together']>

const ENDPOINT = '/v1/chat/completions'
const { clock, release } = heldClock()

let folder: string
let server: LocalServer
let sdk: Sdk
let client: Client

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-server-'))
  const peculiarities = peculiaritiesOf('together')
  server = await startLocalServer({ folder: join(folder, 'server'), clock, peculiarities, acceptedKeys: ['test'] })
  // Its upload asks this variable for the address when it is loaded, works as CommonJS only, and hands `fetch` a stream
  // without the `duplex` that Node wants to be told.
  vi.stubEnv('TOGETHER_API_BASE_URL', server.openaiUrl)
  const { fetch: given } = globalThis
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => given(url, { duplex: 'half', ...init }))
  sdk = createRequire(import.meta.url)('together-ai') as Sdk
  client = clientOf('test')
})

afterAll(async () => {
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  await server.close()
  await rm(folder, { recursive: true })
})

function clientOf(apiKey: string): Client {
  return new sdk.Together({ apiKey, baseURL: server.openaiUrl, maxRetries: 0 })
}

async function upload(...prompts: readonly string[]): Promise<string> {
  const path = join(folder, 'rows.jsonl')
  const lines = prompts.map((content, index) => {
    const body = { model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo', messages: [{ role: 'user', content }] }
    return `${JSON.stringify({ custom_id: `r${index}`, body })}\n`
  })
  await writeFile(path, lines.join(''))
  return (await client.files.upload(path, 'batch-api', false)).id
}

async function create(inputFileId: string) {
  const { job } = await client.batches.create({
    input_file_id: inputFileId,
    endpoint: ENDPOINT,
    completion_window: '24h',
  })
  return job ?? {}
}

describe('the official SDK of together at the local server with its peculiarities', () => {
  it('stores in three calls, creates, lists, waits, reads, cancels and deletes', async () => {
    const inputs = [await upload('One.', '[[simulate: status=500]]'), await upload('Two.'), await upload('Three.')]
    const [first, second, third] = await Promise.all(inputs.map(create))
    expect(first).toMatchObject({ status: 'VALIDATING', input_file_id: inputs[0] })
    const listed = await client.batches.list()
    expect(new Set(listed.map(({ id }) => id))).toEqual(new Set([first?.id, second?.id, third?.id]))
    await client.batches.cancel(second?.id ?? '')
    release()
    await server.drain()
    expect(await client.batches.retrieve(second?.id ?? '')).toMatchObject({ status: 'CANCELLED' })
    const batch = await client.batches.retrieve(first?.id ?? '')
    expect(batch).toMatchObject({ status: 'COMPLETED', created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) })
    const read = async (id = ''): Promise<unknown> => JSON.parse(await (await client.files.content(id)).text())
    expect(await read(batch.output_file_id)).toMatchObject({ custom_id: 'r0', response: { status_code: 200 } })
    expect(await read(batch.error_file_id)).toMatchObject({ custom_id: 'r1' })
    const [input = ''] = inputs
    expect(await client.files.retrieve(input)).toMatchObject({ id: input, purpose: 'batch-api' })
    await client.files.delete(input)
    await expect(client.files.retrieve(input)).rejects.toBeInstanceOf(sdk.NotFoundError)
  })

  it('throws an error of the right class', async () => {
    release()
    const { id = '' } = await create(await upload('One.'))
    await server.drain()
    await expect(client.batches.cancel(id)).rejects.toBeInstanceOf(sdk.ConflictError)
    await expect(client.batches.retrieve('batch_none')).rejects.toBeInstanceOf(sdk.NotFoundError)
    await expect(create('file-none')).rejects.toBeInstanceOf(sdk.BadRequestError)
    await expect(clientOf('wrong').batches.list()).rejects.toBeInstanceOf(sdk.AuthenticationError)
    server.setFaults(['get:1=status(429)', 'get:2=status(500)'])
    await expect(client.batches.retrieve(id)).rejects.toBeInstanceOf(sdk.RateLimitError)
    await expect(client.batches.retrieve(id)).rejects.toBeInstanceOf(sdk.InternalServerError)
  })
})
