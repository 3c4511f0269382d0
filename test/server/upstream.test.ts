// Batches that a model server executes: what it is asked, how often, and what is told of requests whose fate is not known.
import { describe, expect, it, onTestFinished } from 'vitest'
import { upstreamAt } from '../../src/cli/local/upstream-access.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { LocalServer } from '../../src/server/options.ts'
import { startUpstreamServer, type UpstreamServerOptions } from '../../src/server/start.ts'
import { RawClient, type RawResult, temporaryFolder } from '../support/local-server.ts'
import { type ModelCall, type ModelReply, type ModelServer, startModelServer } from '../support/model-server.ts'

const KEY = 'sk-upstream-0123456789'

interface World {
  readonly model: ModelServer
  readonly client: RawClient
  readonly server: LocalServer
  readonly folder: string
}

async function openWorld(
  decide: (call: ModelCall) => ModelReply,
  options: Partial<UpstreamServerOptions> = {},
): Promise<World> {
  const model = await startModelServer(decide)
  onTestFinished(() => model.close())
  const folder = await temporaryFolder()
  const server = await serve(model, folder, options)
  return { model, client: new RawClient(server.openaiUrl), server, folder }
}

async function serve(
  model: ModelServer,
  folder: string,
  options: Partial<UpstreamServerOptions>,
): Promise<LocalServer> {
  const upstream = upstreamAt({ url: model.url, key: KEY, isHttpAllowed: false }, {}, systemClock)
  const server = await startUpstreamServer({ upstream, folder, backoffMs: 1, concurrency: 2, ...options })
  let closed: Promise<void> | undefined
  const close = () => (closed ??= server.close())
  onTestFinished(close)
  return { ...server, close }
}

function line(prompt: string, body: object = {}): string {
  const messages = [{ role: 'user', content: prompt }]
  return JSON.stringify({
    custom_id: prompt,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'llama3.2', messages, ...body },
  })
}

async function createBatch({ client }: World, prompts: readonly string[], ...more: readonly string[]) {
  return await client.create(await client.upload([...prompts.map((prompt) => line(prompt)), ...more].join('\n')))
}

/** What became of each row, in short: the text of its answer, its status, or the code of its error. */
async function endsOf({ client }: World, id: string): Promise<Record<string, unknown>> {
  const { error_file_id: errors, output_file_id: output } = await client.batch(id)
  const lines = [...(output ? await client.lines(output) : []), ...(errors ? await client.lines(errors) : [])]
  return Object.fromEntries(lines.map((one) => [one.custom_id, endOf(one)]))
}

function endOf(result: RawResult): unknown {
  const { error, response } = result as unknown as ShownLine
  return response?.body.choices?.[0]?.message.content ?? response?.status_code ?? error?.code
}

/** A result line of OpenAI's dialect. */
interface ShownLine {
  readonly error: { readonly code: string } | null
  readonly response: {
    readonly status_code: number
    readonly body: { readonly choices?: readonly { readonly message: { readonly content: string } }[] }
  } | null
}

const FAILING: Readonly<Record<string, ModelReply>> = {
  'rate limit': { status: 429, body: { error: { message: 'Slow down.' } }, headers: { 'retry-after': '0' } },
  loading: { status: 503, body: { error: { message: `Loading the model for ${KEY}.` } } },
  broken: { status: 500, body: { error: { message: 'Oh no.' } } },
  page: { status: 502, page: '<html>Bad Gateway</html>' },
  babble: { status: 200, page: 'not JSON' },
  cut: 'cut',
  refused: { status: 400, body: { error: { message: `Refused, ${KEY}.` } } },
}

/** Fails the first time, each prompt as it is called. */
function failOnce({ prompt, times }: ModelCall): ModelReply {
  return times === 1 || prompt === 'refused' ? (FAILING[prompt] ?? 'answer') : 'answer'
}

describe('a batch that a model server executes', () => {
  it('asks again for what was certainly not executed, and tells what may have been', async () => {
    const troubles: string[] = []
    const world = await openWorld(failOnce, { onTrouble: (reason) => troubles.push(reason) })
    const { client, model, server } = world
    const prompts = ['plain', ...Object.keys(FAILING), 'plain too']
    const exact = line('exact').replace('"llama3.2"', '"llama3.2","seed":9007199254740993')
    const { id } = await createBatch(world, prompts, line('stream', { stream: true }), exact)
    await server.drain()
    const batch = await client.batch(id)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 11, completed: 5, failed: 6 } })
    const unknown = 'may_have_been_executed'
    expect(await endsOf(world, id)).toEqual({
      plain: 'The answer to plain',
      'plain too': 'The answer to plain too',
      exact: 'The answer to exact',
      'rate limit': 'The answer to rate limit',
      loading: 'The answer to loading',
      refused: 400,
      stream: 400,
      broken: unknown,
      page: unknown,
      babble: unknown,
      cut: unknown,
    })
    const asked = Object.fromEntries(prompts.map((prompt) => [prompt, model.times(prompt)]))
    expect(asked).toEqual({
      ...Object.fromEntries(prompts.map((prompt) => [prompt, 1])),
      'rate limit': 2,
      loading: 2,
    })
    expect(model.mostAtOnce).toBeLessThanOrEqual(2)
    expect(model.keys).toEqual(new Set([`Bearer ${KEY}`]))
    // The books: twelve calls, two of them refused; what was answered is booked with the model's own numbers.
    const { batches, rowsBilled, rowsBilledAgain, inputTokens } = await server.ledger()
    expect({ rowsBilled, rowsBilledAgain, inputTokens }).toEqual({ rowsBilled: 5, rowsBilledAgain: 0, inputTokens: 25 })
    expect(batches).toMatchObject([{ rows: 11, upstream: { calls: 12, refused: 2 } }])
    expect(troubles.join()).toMatch(/Slow down|Loading the model for \*\*\*/)
    expect(model.bodies.filter((body) => body.includes('"seed":9007199254740993'))).toHaveLength(1)
    const texts = JSON.stringify(await client.lines(batch.error_file_id))
    expect(texts).toContain('Refused, ***.')
    expect(texts + troubles.join()).not.toContain(KEY)
  })

  it('asks again for what may have been executed where it costs nothing, three times at the most', async () => {
    const world = await openWorld(
      ({ prompt, times, ...call }) => (prompt === 'hopeless' ? 'cut' : failOnce({ prompt, times, ...call })),
      { retriesExecuted: true },
    )
    const { id } = await createBatch(world, ['cut', 'broken', 'babble', 'hopeless'])
    await world.server.drain()
    expect(await endsOf(world, id)).toEqual({
      cut: 'The answer to cut',
      broken: 'The answer to broken',
      babble: 'The answer to babble',
      hopeless: 'may_have_been_executed',
    })
    expect(['cut', 'broken', 'babble', 'hopeless'].map((prompt) => world.model.times(prompt))).toEqual([2, 2, 2, 3])
  })

  it('gives up a request after its time, which may have been executed', async () => {
    const world = await openWorld(() => 'hold', { rowTimeoutMs: 20 })
    const { id } = await createBatch(world, ['silent'])
    await world.server.drain()
    expect(await endsOf(world, id)).toEqual({ silent: 'may_have_been_executed' })
    const { error_file_id: errors } = await world.client.batch(id)
    expect(JSON.stringify(await world.client.lines(errors))).toContain('no complete answer within 20ms')
  })

  it.each(['cancelled', 'expired'] as const)('that is %s keeps what is answered or on its way', async (end) => {
    let jumpMs = 0
    const clock = { ...systemClock, now: () => systemClock.now() + jumpMs }
    const world = await openWorld(({ prompt }) => (prompt.startsWith('slow') ? 'hold' : 'answer'), { clock })
    const { client, model, server } = world
    const { id } = await createBatch(world, ['quick', 'slow one', 'slow two', 'late'])
    await expect.poll(() => model.prompts.length).toBe(3)
    await expect
      .poll(() => client.batch(id))
      .toMatchObject({ status: 'in_progress', request_counts: { total: 4, completed: 1, failed: 0 } })
    if (end === 'cancelled') {
      await client.json('POST', `/batches/${id}/cancel`)
    } else {
      jumpMs = 48 * 3_600_000
    }
    model.release()
    await server.drain()
    expect(await client.batch(id)).toMatchObject({ status: end, request_counts: { completed: 3, failed: 0 } })
    expect(await endsOf(world, id)).toEqual({
      quick: 'The answer to quick',
      'slow one': 'The answer to slow one',
      'slow two': 'The answer to slow two',
      late: `batch_${end}`,
    })
    expect([model.prompts.length, model.mostAtOnce]).toEqual([3, 2])
  })

  it('waits for what is on its way when it closes, and goes on from there', async () => {
    const world = await openWorld(({ prompt }) => (prompt === 'slow' ? 'hold' : 'answer'), { concurrency: 1 })
    const { folder, model, server } = world
    const { id } = await createBatch(world, ['quick', 'slow', 'later'])
    await expect.poll(() => model.prompts.length).toBe(2)
    const closed = server.close()
    model.release()
    await closed
    const second = await serve(model, folder, {})
    await second.drain()
    expect(await endsOf({ ...world, client: new RawClient(second.openaiUrl) }, id)).toEqual({
      quick: 'The answer to quick',
      slow: 'The answer to slow',
      later: 'The answer to later',
    })
    expect(model.prompts).toEqual(['quick', 'slow', 'later'])
  })
})

describe('a server with a model server behind it', () => {
  it('answers direct calls, tells the models, and refuses what it does not pass on', async () => {
    const { client, model, server } = await openWorld(failOnce)
    const ask = (content: string, more = {}) =>
      client.send('POST', '/chat/completions', { model: 'llama3.2', messages: [{ role: 'user', content }], ...more })
    expect((await ask('hello')).status).toBe(200)
    const limited = await ask('rate limit')
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '0'])
    const lost = await ask('cut')
    expect([lost.status, await lost.json()]).toMatchObject([504, { error: { code: 'may_have_been_executed' } }])
    expect((await ask('hello', { stream: true })).status).toBe(400)
    expect(await client.json('GET', '/models')).toMatchObject({ data: [{ id: 'llama3.2' }] })
    const embedded = await client.json('POST', '/embeddings', { model: 'llama3.2', input: 'hello' })
    expect(embedded).toMatchObject({ data: [{ embedding: [0.5, 0.25] }] })
    const file = await client.upload(line('hello'))
    expect(await client.json('POST', '/batches', { ...CREATE, input_file_id: file })).toMatchObject({
      error: { param: 'endpoint', code: 'invalid_value' },
    })
    expect((await new RawClient(server.mistralUrl).send('GET', '/batch/jobs')).status).toBe(404)
    await model.close()
    const unreached = await ask('hello')
    expect([unreached.status, await unreached.json()]).toMatchObject([503, { error: { code: 'upstream_unreached' } }])
  })
})

/** An endpoint that servers of models do not have. */
const CREATE = { endpoint: '/v1/moderations', completion_window: '24h' }
