import { createAzure } from '@ai-sdk/azure'
import { createGroq } from '@ai-sdk/groq'
import { createMistral } from '@ai-sdk/mistral'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  experimental_cancelBatch as cancelBatch,
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  jsonSchema,
  experimental_startBatch as startBatch,
  type ToolSet,
} from 'ai'
import { describe, expect, it, vi } from 'vitest'
import { type BatchesOptions, createBatches } from '../../src/ai-sdk.ts'
import { openRun } from '../../src/index.ts'
import type { LocalServer } from '../../src/server/options.ts'
import { PROVIDER_ROWS } from '../providers/provider-rows.ts'
import { typeHere } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

/** The batches as a program makes them; each time as another process would, since nothing is kept in them. */
function batches({ configPath, environment }: LocalWorld, more: Partial<BatchesOptions> = {}) {
  return createBatches({
    provider: 'mistral',
    connect: (fetch) => createMistral({ apiKey: 'not sent anywhere', fetch }),
    config: configPath,
    environment,
    ...more,
  })
}

function ask(id: string, prompt: string, more: object = {}) {
  return { id, type: 'text', model: 'mistral-small-latest', prompt: `${prompt} nonce:${id}`, ...more } as const
}

/** Packages of other providers, and where llm-batch is told that these are. */
const OTHERS = [
  {
    name: 'groq',
    connect: () => (fetch: typeof globalThis.fetch) => createGroq({ apiKey: 'x', fetch }),
    variables: ({ openaiUrl }: LocalServer) => ({ GROQ_API_KEY: 'groq-0123456789', GROQ_BASE_URL: openaiUrl }),
  },
  {
    name: 'azure',
    connect:
      ({ url }: LocalServer) =>
      (fetch: typeof globalThis.fetch) =>
        createAzure({ apiKey: 'x', baseURL: `${url}/openai`, fetch }),
    variables: ({ url }: LocalServer) => ({ AZURE_OPENAI_API_KEY: 'azure-0123456789', AZURE_OPENAI_ENDPOINT: url }),
  },
  {
    name: 'together',
    connect: () => (fetch: typeof globalThis.fetch) =>
      createOpenAICompatible({ name: 'together', baseURL: 'https://api.together.ai/v1', fetch }),
    variables: ({ openaiUrl }: LocalServer) => ({ TOGETHER_API_KEY: 'together-0123', TOGETHER_BASE_URL: openaiUrl }),
  },
]

type Reference = Awaited<ReturnType<typeof startBatch>>

async function finished(world: LocalWorld, batch: Reference, more?: Partial<BatchesOptions>) {
  return await vi.waitFor(async () => {
    const status = await getBatchStatus({ provider: batches(world, more), batch })
    expect(status.status).not.toBe('pending')
    return status
  }, PATIENCE)
}

async function resultsOf(world: LocalWorld, batch: Reference, more?: Partial<BatchesOptions>) {
  const items = []
  for await (const item of getBatchResults({ provider: batches(world, more), batch })) items.push(item)
  return items
}

describe('a batch of the AI SDK', () => {
  it('is a run: started once however often, answered as the SDK reads it, with the warnings of its model', async () => {
    const world = await openWorld()
    const requests = [
      ask('a', 'Say hello', { maxOutputTokens: 100, temperature: 0, topK: 3 }),
      ask('b', 'Fail [[simulate: status=400]]'),
      ask('c', 'Say more [[simulate: length]]'),
    ]
    const started = await startBatch({ provider: batches(world), requests })
    expect(started).toMatchObject({ version: 2, provider: 'llm-batch.mistral', status: 'pending' })
    expect(started.warnings).toMatchObject([{ requestId: 'a', warning: { type: 'unsupported', feature: 'topK' } }])
    // A reference is kept as JSON.
    const batch = JSON.parse(JSON.stringify(started)) as Reference
    expect(await finished(world, batch)).toMatchObject({
      status: 'completed',
      requestCounts: { total: 3, pending: 0, completed: 2, failed: 1 },
    })
    const [a, b, c] = await resultsOf(world, batch)
    expect(a).toMatchObject({
      id: 'a',
      status: 'succeeded',
      text: expect.stringContaining('[simulated]') as string,
      finishReason: 'stop',
      usage: { inputTokens: expect.any(Number) as number, outputTokens: expect.any(Number) as number },
      response: { modelId: expect.stringContaining('mistral-small') as string },
    })
    expect(b).toMatchObject({ id: 'b', status: 'failed', error: { statusCode: 400 } })
    expect(c).toMatchObject({ id: 'c', status: 'succeeded', finishReason: 'length' })

    const again = await startBatch({ provider: batches(world), requests })
    expect(again).toMatchObject({ id: batch.id, status: 'completed' })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
    expect(await typeHere(world, 'results', batch.id, '--columns', 'custom_id,status')).toMatchObject({
      stdout: expect.stringContaining('"custom_id":"a"') as string,
    })
  })

  it.each(OTHERS)(
    'is made with the package of $name too, a text and a call of a tool',
    async ({ connect, name, variables }) => {
      const { model = '', peculiarities = [] } = PROVIDER_ROWS.find((row) => row.name === name) ?? {}
      const world = await openWorld({ peculiarities })
      const environment = { ...world.environment, ...variables(world.server) }
      const more = { provider: name, connect: connect(world.server), environment }
      const tools: ToolSet = { weather: { inputSchema: jsonSchema({ type: 'object' }) } }
      const requests = [
        { ...ask('a', 'Say hello'), model },
        { ...ask('b', 'Ask for the weather [[simulate: tool_call]]'), model, tools },
      ]
      const batch = await startBatch({ provider: batches(world, more), requests })
      expect(await finished(world, batch, more)).toMatchObject({ status: 'completed' })
      expect(await resultsOf(world, batch, more)).toMatchObject([
        { id: 'a', status: 'succeeded', text: expect.stringContaining('[simulated]') as string },
        {
          id: 'b',
          status: 'succeeded',
          finishReason: 'tool-calls',
          content: [{ type: 'tool-call', toolName: 'weather' }],
        },
      ])
    },
  )

  it('can be looked at while another process drives it, can be cancelled, and has no results before its end', async () => {
    const clock = heldClock()
    const world = await openWorld({ clock: clock.clock })
    const batch = await startBatch({ provider: batches(world), requests: [ask('a', 'One'), ask('b', 'Two')] })
    await expect(resultsOf(world, batch)).rejects.toThrow(/results of run .* are not there yet: it is/)
    const driver = await openRun(batch.id, { config: world.configPath, environment: world.environment })
    expect(await getBatchStatus({ provider: batches(world), batch })).toMatchObject({ status: 'pending' })
    await driver.close()
    await cancelBatch({ provider: batches(world), batch })
    clock.release()
    expect(await finished(world, batch)).toMatchObject({ status: 'failed', rawStatus: 'cancelled' })
    expect((await resultsOf(world, batch)).map(({ id, status }) => [id, status])).toEqual([
      ['a', 'cancelled'],
      ['b', 'cancelled'],
    ])
  })

  it('has failed where its run is held, with what to do, and goes on where it is started again', async () => {
    const world = await openWorld({ faults: ['upload:1=status(401)'] })
    const requests = [ask('a', 'One')]
    const batch = await startBatch({ provider: batches(world), requests })
    const message = expect.stringContaining(`is held; look with: llm-batch status ${batch.id}`) as string
    expect(batch).toMatchObject({ status: 'failed', rawStatus: 'held', error: { message } })
    expect(await startBatch({ provider: batches(world), requests })).toMatchObject({ id: batch.id, status: 'pending' })
    expect(await finished(world, batch)).toMatchObject({ status: 'completed' })
  })

  it('is refused before anything is sent where batches do not take it, or where it goes to somebody else', async () => {
    const world = await openWorld()
    const elsewhere = (fetch: typeof globalThis.fetch) =>
      createMistral({ apiKey: 'x', baseURL: 'https://models.example/v1', fetch })
    const given = { requests: [ask('a', 'One')] }
    await expect(startBatch({ provider: batches(world, { connect: elsewhere }), ...given })).rejects.toThrow(
      /models\.example\/v1\/chat\/completions is not at mistral/,
    )
    const image = { id: 'a', type: 'image', model: 'mistral-small-latest', prompt: 'A cat' } as const
    await expect(startBatch({ provider: batches(world), requests: [image] })).rejects.toThrow(
      'batches here take requests of the type text, not image',
    )
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })
})
