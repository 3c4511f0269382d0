import OpenAI, { AzureOpenAI, ConflictError, NotFoundError, toFile } from 'openai'
import { describe, expect, it } from 'vitest'
import type { Peculiarity } from '../../src/testing.ts'
import { requestLine, serverForTest } from '../support/local-server.ts'

const OPTIONS = { apiKey: 'sk-test', maxRetries: 0 }

/** Clients by the official SDK, as the documents of the hosts advise them, and what their servers are. */
const CLIENTS: readonly (readonly [
  name: string,
  peculiarities: readonly Peculiarity[],
  client: (url: string) => OpenAI,
  endpoint: string,
])[] = [
  [
    'a host with pages of 20',
    ['pages-of-20', 'any-window'],
    (url) => new OpenAI({ ...OPTIONS, baseURL: `${url}/v1` }),
    '/v1/chat/completions',
  ],
  [
    'Azure at the v1 addresses',
    ['api-key-header', 'plain-endpoints', 'text-ids', 'empty-error-file'],
    (url) => new OpenAI({ ...OPTIONS, baseURL: `${url}/openai/v1` }),
    '/chat/completions',
  ],
  [
    'Azure at the dated addresses',
    ['api-key-header', 'plain-endpoints', 'text-ids', 'empty-error-file', 'dated-api'],
    (url) => new AzureOpenAI({ ...OPTIONS, baseURL: `${url}/openai`, apiVersion: '2025-04-01-preview' }),
    '/chat/completions',
  ],
]

describe.each(CLIENTS)('the official SDK at %s', (_, peculiarities, clientOf, endpoint) => {
  it('stores, creates, lists through pages, waits, reads, cancels and deletes', async () => {
    const server = await serverForTest({ peculiarities })
    const client = clientOf(server.url)
    const line = Buffer.from(`${requestLine('r1', 'Is it?')}\n`)
    const made: string[] = []
    for (let count = 0; count < 3; count += 1) {
      const file = await client.files.create({ purpose: 'batch', file: await toFile(line, 'rows.jsonl') })
      const wish = { input_file_id: file.id, endpoint, completion_window: '24h' } as OpenAI.BatchCreateParams
      made.push((await client.batches.create(wish)).id)
    }
    await server.drain()
    const listed: string[] = []
    for await (const { id } of client.batches.list({ limit: 2 })) listed.push(id)
    expect(listed.toSorted()).toEqual(made.toSorted())
    const batch = await client.batches.retrieve(made[0] ?? '')
    expect(batch.status).toBe('completed')
    const text = await (await client.files.content(batch.output_file_id ?? '')).text()
    expect(JSON.parse(text)).toMatchObject({ custom_id: 'r1', response: { status_code: 200 } })
    await expect(client.batches.cancel(batch.id)).rejects.toBeInstanceOf(ConflictError)
    expect(await client.files.delete(batch.input_file_id)).toMatchObject({ deleted: true })
    await expect(client.batches.retrieve('batch_none')).rejects.toBeInstanceOf(NotFoundError)
  })
})
