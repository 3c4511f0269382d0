// The official SDK is an outside oracle: it was written against the real API, and it must find the same one here.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocalServer } from '../../src/testing.ts'

const MODEL = 'claude-haiku-5-5'

let folder: string
let server: LocalServer
let client: Anthropic

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-server-'))
  server = await startLocalServer({ folder, queueRequests: 500, acceptedKeys: ['test'] })
  client = clientOf('test')
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

function clientOf(apiKey: string): Anthropic {
  return new Anthropic({ apiKey, baseURL: server.anthropicUrl, maxRetries: 0 })
}

type Request = Anthropic.Messages.BatchCreateParams.Request
type Batch = Anthropic.Messages.MessageBatch

function asked(id: string, prompt: string, more: object = {}): Request {
  const messages = [{ role: 'user' as const, content: prompt }]
  return { custom_id: id, params: { model: MODEL, max_tokens: 100, messages, ...more } }
}

async function create(...requests: readonly Request[]): Promise<Batch> {
  return await client.messages.batches.create({ requests: [...requests] })
}

async function resultsOf(id: string): Promise<Map<string, Anthropic.Messages.MessageBatchResult>> {
  const found = new Map<string, Anthropic.Messages.MessageBatchResult>()
  for await (const { custom_id: customId, result } of await client.messages.batches.results(id)) {
    found.set(customId, result)
  }
  return found
}

describe('the official Anthropic SDK against the local server', () => {
  it('creates, polls and streams the results of every kind', async () => {
    const created = await create(
      asked('one', 'Say hello'),
      asked('two', 'y [[simulate: status=529]]'),
      asked('three', 'z [[simulate: expired]]'),
      asked('four', 'Which model?', { model: 'no-such-model' }),
    )
    expect(created).toMatchObject({
      type: 'message_batch',
      processing_status: 'in_progress',
      request_counts: { processing: 4, succeeded: 0 },
      ended_at: null,
      results_url: null,
    })
    expect(created.id).toMatch(/^msgbatch_/)
    await expect(client.messages.batches.delete(created.id)).rejects.toBeInstanceOf(BadRequestError)
    await server.drain()
    const ended = await client.messages.batches.retrieve(created.id)
    expect(ended).toMatchObject({
      processing_status: 'ended',
      request_counts: { processing: 0, succeeded: 1, errored: 2, expired: 1, canceled: 0 },
    })
    const results = await resultsOf(created.id)
    expect(results.get('one')).toMatchObject({
      type: 'succeeded',
      message: { role: 'assistant', model: MODEL, stop_reason: 'end_turn', usage: { service_tier: 'batch' } },
    })
    expect(results.get('two')).toMatchObject({ error: { type: 'error', error: { type: 'overloaded_error' } } })
    expect(results.get('three')).toEqual({ type: 'expired' })
    expect(results.get('four')).toMatchObject({ error: { error: { type: 'not_found_error' } } })
    expect(await client.messages.batches.delete(created.id)).toMatchObject({ type: 'message_batch_deleted' })
    await expect(client.messages.batches.retrieve(created.id)).rejects.toBeInstanceOf(NotFoundError)
  })

  it('lists through pages, newest first, and cancels', async () => {
    const made: string[] = []
    for (const name of ['a', 'b', 'c']) made.unshift((await create(asked(name, name))).id)
    const listed: string[] = []
    for await (const { id } of client.messages.batches.list({ limit: 1 })) listed.push(id)
    expect(listed.slice(0, 3)).toEqual(made)
    const { id } = await create(asked('late', 'Wait'))
    expect(await client.messages.batches.cancel(id)).toMatchObject({ processing_status: 'canceling' })
    await server.drain()
    expect((await client.messages.batches.retrieve(id)).request_counts).toMatchObject({ canceled: 1 })
    await expect(client.messages.batches.results(made[0] ?? '')).resolves.toBeDefined()
  })

  it('answers a message with text, a tool, JSON of a schema, and a refusal', async () => {
    const ask = async (prompt: string, more: object = {}): Promise<Anthropic.Message> =>
      await client.messages.create({
        model: MODEL,
        max_tokens: 1_000,
        messages: [{ role: 'user', content: prompt }],
        ...more,
      })
    expect(await ask('Hello')).toMatchObject({ content: [{ type: 'text' }], usage: { service_tier: 'standard' } })
    const tools = [{ name: 'label', input_schema: { type: 'object', properties: { label: { enum: ['bug'] } } } }]
    expect(await ask('Call it', { tools, tool_choice: { type: 'any' } })).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'label', input: { label: 'bug' } }],
    })
    const schema = {
      type: 'object',
      properties: { label: { enum: ['bug'] } },
      required: ['label'],
      additionalProperties: false,
    }
    const format = { type: 'json_schema', schema }
    expect(await ask('Write it', { output_config: { format } })).toMatchObject({
      content: [{ text: '{"label":"bug"}' }],
    })
    expect(await ask('[[simulate: refusal]]')).toMatchObject({
      stop_reason: 'refusal',
      stop_details: { type: 'refusal' },
    })
    const open = { format: { type: 'json_schema', schema: { type: 'object' } } }
    await expect(ask('Write it', { output_config: open })).rejects.toBeInstanceOf(BadRequestError)
  })

  it('is refused sampling at every model by its version, and the version of before takes it', async () => {
    const cold = { model: 'claude-haiku-4-5', temperature: 0.2 }
    const before = { headers: { 'anthropic-version': '2023-06-01' } }
    const strict = await create(asked('cold', 'x', cold))
    const old = await client.messages.batches.create({ requests: [asked('cold', 'x', cold)] }, before)
    await server.drain()
    expect((await resultsOf(strict.id)).get('cold')).toMatchObject({
      type: 'errored',
      error: { error: { type: 'invalid_request_error', message: 'temperature: Extra inputs are not permitted' } },
    })
    expect((await resultsOf(old.id)).get('cold')).toMatchObject({ type: 'succeeded' })
    const { params } = asked('cold', 'x', cold)
    await expect(client.messages.create({ ...params, stream: false })).rejects.toThrow(/temperature: Extra inputs/)
    await expect(client.messages.create({ ...params, stream: false }, before)).resolves.toMatchObject({
      type: 'message',
    })
  })

  it('throws an error of the right class', async () => {
    const twice = [asked('same', 'a'), asked('same', 'b')]
    await expect(create(...twice)).rejects.toBeInstanceOf(BadRequestError)
    await expect(create(asked('not an id', 'a'))).rejects.toBeInstanceOf(BadRequestError)
    await expect(create()).rejects.toBeInstanceOf(BadRequestError)
    const many = Array.from({ length: 501 }, (_, index) => asked(`r${index}`, 'x'))
    await expect(create(...many)).rejects.toBeInstanceOf(RateLimitError)
    const { id } = await create(asked('slow', 'x'))
    await expect(client.messages.batches.results(id)).rejects.toThrow(/results_url/)
    await expect(clientOf('wrong').messages.batches.list()).rejects.toBeInstanceOf(AuthenticationError)
    const withoutKey = await fetch(`${server.anthropicUrl}/v1/messages/batches`, {
      headers: { 'anthropic-version': '2023-06-01' },
    })
    expect(withoutKey.status).toBe(401)
    const withoutVersion = await fetch(`${server.anthropicUrl}/v1/models`, { headers: { 'x-api-key': 'test' } })
    expect(withoutVersion.status).toBe(400)
    server.setFaults(['create:1=status(413)', 'create:2=status(500)'])
    await expect(create(asked('big', 'a'))).rejects.toMatchObject({ status: 413 })
    await expect(create(asked('broken', 'a'))).rejects.toBeInstanceOf(InternalServerError)
    server.setFaults([])
  })
})
