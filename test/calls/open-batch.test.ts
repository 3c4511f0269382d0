import Anthropic from '@anthropic-ai/sdk'
import { Mistral } from '@mistralai/mistralai'
import { HTTPClient } from '@mistralai/mistralai/lib/http.js'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { type OpenBatch, type OpenBatchOptions, openBatch } from '../../src/fetch.ts'
import { expectExit, parseLines, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const MODEL = 'gpt-6-luna'

function open(world: LocalWorld, options: Partial<OpenBatchOptions> = {}): Promise<OpenBatch> {
  const { configPath: config, environment } = world
  return openBatch({ name: 'calls', idle: '50ms', quiet: true, config, environment, ...options })
}

/** A client as any program makes one, but for its `fetch`. */
function clientOf({ environment }: LocalWorld, batch: OpenBatch): OpenAI {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL } = environment
  return new OpenAI({ apiKey, baseURL, fetch: batch.fetch, timeout: batch.timeoutMs, maxRetries: 2 })
}

async function say(client: OpenAI, text: string): Promise<string | null | undefined> {
  const completion = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: `${text} nonce:${text.replaceAll(/\W+/g, '-')}` }],
  })
  return completion.choices[0]?.message.content
}

describe('calls of an official client', () => {
  it('are bought in batches, once, and answered from disk when the program is started again', async () => {
    const world = await openWorld()
    const ask = async (batch: OpenBatch) => {
      const client = clientOf(world, batch)
      const first = await Promise.all(['one', 'two', 'three'].map((text) => say(client, text)))
      return [...first, await say(client, `after ${first.map((answer) => answer?.length).join(' ')}`)]
    }
    const batch = await open(world)
    const answers = await ask(batch)
    expect(batch.counts).toEqual({ asked: 4, fresh: 4, open: 0, reasked: 0, refused: 0, passed: 0 })
    await batch.close()
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 4, rowsBilledAgain: 0 })

    await using again = await open(world)
    expect(await ask(again)).toEqual(answers)
    expect(again.counts).toMatchObject({ asked: 4, fresh: 0, open: 0 })
    expect(await say(clientOf(world, again), 'five')).toEqual(expect.any(String))
    expect(again.counts).toMatchObject({ asked: 5, fresh: 1 })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('fail as synchronous calls do, and are not repeated by the client', async () => {
    const world = await openWorld()
    await using batch = await open(world)
    const client = clientOf(world, batch)
    const [refused, expired, answered] = await Promise.allSettled([
      say(client, '[[simulate: status=400]] a'),
      say(client, '[[simulate: expired]] b'),
      say(client, 'c'),
    ])
    expect(refused).toMatchObject({ reason: { status: 400, name: expect.any(String) } })
    expect(expired).toMatchObject({ reason: { status: 424, code: 'batch_expired' } })
    expect(answered).toMatchObject({ status: 'fulfilled' })
    expect(batch.counts).toMatchObject({ asked: 3, fresh: 3 })
    await expect(say(client, '[[simulate: status=400]] a')).rejects.toMatchObject({ status: 400 })
    expect(batch.counts).toMatchObject({ asked: 4, fresh: 3 })
  })

  it('that batches do not take are refused with the reason, or sent as they are where the program says so', async () => {
    const world = await openWorld()
    const batch = await open(world)
    const client = clientOf(world, batch)
    const refusal = { status: 400, code: 'not_batchable' }
    await expect(
      client.chat.completions.create({ model: MODEL, stream: true, messages: [{ role: 'user', content: 'nonce:s' }] }),
    ).rejects.toMatchObject({ ...refusal, message: expect.stringMatching(/streaming/) })
    await expect(client.models.list()).rejects.toMatchObject(refusal)
    expect((await batch.fetch('https://elsewhere.test/v1/chat/completions', { method: 'POST' })).status).toBe(400)
    expect(batch.counts).toMatchObject({ asked: 0, refused: 3 })
    await batch.close()
    await using passing = await open(world, { others: 'pass' })
    expect((await clientOf(world, passing).models.list()).data).not.toEqual([])
    expect(passing.counts).toMatchObject({ asked: 0, refused: 0, passed: 1 })
  })

  it('that are identical are one question, or as many as there are calls', async () => {
    const world = await openWorld()
    const shared = await open(world)
    expect(new Set(await Promise.all([1, 2, 3].map(() => say(clientOf(world, shared), 'same'))))).toHaveLength(1)
    expect(shared.counts).toMatchObject({ asked: 3, fresh: 1 })
    await shared.close()
    for (const fresh of [2, 0]) {
      await using each = await open(world, { identical: 'each' })
      await Promise.all([1, 2, 3].map(() => say(clientOf(world, each), 'same')))
      expect(each.counts).toMatchObject({ asked: 3, fresh })
    }
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3 })
  })

  it('with a schema are asked again where their answer does not fit it, and never for what was answered', async () => {
    const world = await openWorld()
    const schema = { type: 'object', properties: { label: { enum: ['good', 'bad'] } }, required: ['label'] }
    const format = { type: 'json_schema', json_schema: { name: 'label', schema } } as const
    const label = async (client: OpenAI, content: string) => {
      const messages = [{ role: 'user' as const, content }]
      const completion = await client.chat.completions.create({ model: MODEL, messages, response_format: format })
      return JSON.parse(completion.choices[0]?.message.content ?? '').label
    }
    for (const [fresh, billed] of [
      [5, 5],
      [0, 5],
    ]) {
      await using batch = await open(world, { reask: 2 })
      const client = clientOf(world, batch)
      expect(['good', 'bad']).toContain(await label(client, 'Good or bad? nonce:s1'))
      expect(['good', 'bad']).toContain(await label(client, '[[simulate: wrong_schema times=1]] nonce:s2'))
      expect(['good', 'bad']).toContain(await label(client, '[[simulate: fenced_json times=1]] nonce:s3'))
      expect(batch.counts).toMatchObject({ asked: 3, fresh, reasked: 2 })
      expect((await world.server.ledger()).rowsBilled).toBe(billed)
    }
  })

  it('are rows of a run like any other, and end with it where it is held', async () => {
    const world = await openWorld()
    await using batch = await open(world, { budget: { maxCostUsd: 0.000_001 } })
    const held = {
      status: 424,
      code: 'held',
      message: expect.stringMatching(/calls is held: .*maxCostUsd.*llm-batch status calls/),
    }
    await expect(say(clientOf(world, batch), 'dear')).rejects.toMatchObject(held)
    await batch.close()
    await using raised = await open(world, { budget: { maxCostUsd: 1 } })
    expect(await say(clientOf(world, raised), 'dear')).toEqual(expect.any(String))
    await raised.close()
    const results = await typeHere(world, 'results', 'calls')
    expectExit(results, 0)
    expect(parseLines(results.stdout)).toMatchObject([{ url: '/v1/chat/completions', llm_status: 'succeeded' }])
  })
})

it('calls of Mistral’s and Anthropic’s clients are answered in their own words', async () => {
  const world = await openWorld()
  const { ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, MISTRAL_API_KEY, MISTRAL_BASE_URL } = world.environment
  await using mistralBatch = await open(world, { name: 'mistral', provider: 'mistral' })
  const mistral = new Mistral({
    apiKey: MISTRAL_API_KEY ?? '',
    serverURL: MISTRAL_BASE_URL ?? '',
    httpClient: new HTTPClient({ fetcher: mistralBatch.fetch }),
  })
  const ask = (content: string) =>
    mistral.chat.complete({ model: 'mistral-small-latest', messages: [{ role: 'user', content }] })
  expect((await ask('nonce:m1')).choices[0]?.message?.content).toEqual(expect.any(String))
  await expect(ask('[[simulate: status=400]] nonce:m2')).rejects.toMatchObject({ statusCode: 400 })

  await using claudeBatch = await open(world, { name: 'claude', provider: 'anthropic' })
  const claude = new Anthropic({
    apiKey: ANTHROPIC_API_KEY ?? '',
    baseURL: ANTHROPIC_BASE_URL ?? '',
    fetch: claudeBatch.fetch,
  })
  const message = (content: string) =>
    claude.messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 100,
      system: 'Be short.',
      messages: [{ role: 'user', content }],
    })
  expect(await message('nonce:c1')).toMatchObject({ type: 'message', content: [{ type: 'text' }], usage: {} })
  await expect(message('[[simulate: status=400]] nonce:c2')).rejects.toMatchObject({ status: 400 })
  expect(await world.server.ledger()).toMatchObject({ rowsBilledAgain: 0 })
})
