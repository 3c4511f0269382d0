import OpenAI from 'openai'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { expectExit, parseLines, typeHere } from '../support/command.ts'
import { chatBody, openGateway, post, startGateway } from '../support/gateway.ts'
import { heldClock } from '../support/held-clock.ts'
import { openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const MODEL = 'gpt-6-luna'

/** A client as any program makes one, with the address alone. */
function clientOf(baseURL: string, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL, apiKey: 'any', maxRetries })
}

async function say(client: OpenAI, text: string, options = {}): Promise<string | null | undefined> {
  const messages = [{ role: 'user' as const, content: `${text} nonce:${text.replaceAll(/\W+/g, '-')}` }]
  return (await client.chat.completions.create({ model: MODEL, messages }, options)).choices[0]?.message.content
}

/** Waits as the documents of the official client say. */
async function untilEnded(client: OpenAI, id: string): Promise<OpenAI.Responses.Response> {
  let response = await client.responses.retrieve(id)
  await vi.waitFor(async () => {
    response = await client.responses.retrieve(id)
    expect(['queued', 'in_progress']).not.toContain(response.status)
  }, PATIENCE)
  return response
}

describe('llm-batch gateway', () => {
  it('answers the official client, which knows its address alone, by batches', async () => {
    const world = await openWorld()
    const gateway = await startGateway(world)
    const client = clientOf(gateway.baseURL)
    const first = await Promise.all(Array.from({ length: 64 }, (_, index) => say(client, `call ${index}`)))
    expect(new Set(first)).toHaveLength(64)
    expect(await say(client, 'call 7')).toBe(first[7])
    const books = await world.server.ledger()
    expect(books).toMatchObject({ rowsBilled: 64, rowsBilledAgain: 0 })
    expect(books.batchesCreated).toBeLessThan(32)

    const [asked, failing] = await Promise.all(
      ['Hello. nonce:b1', '[[simulate: status=400]] nonce:b2'].map((input) =>
        client.responses.create({ model: MODEL, input, background: true }),
      ),
    )
    expect(asked).toMatchObject({ status: expect.stringMatching(/queued|in_progress/), model: MODEL })
    expect(await untilEnded(client, asked!.id)).toMatchObject({
      id: asked!.id,
      status: 'completed',
      output_text: expect.stringContaining('nonce:b1'),
      usage: { total_tokens: expect.any(Number) },
    })
    expect(await untilEnded(client, failing!.id)).toMatchObject({
      status: 'failed',
      error: { code: expect.any(String) },
    })
    expect(await client.responses.cancel(asked!.id)).toMatchObject({ status: 'completed' })

    const vectors = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['nonce:e1', 'two'] })
    expect(vectors.data).toHaveLength(2)
    await expect(say(client, '[[simulate: status=400]] no')).rejects.toMatchObject({ status: 400 })
    expect((await client.models.list()).data).toContainEqual(expect.objectContaining({ id: MODEL }))

    gateway.process.kill('SIGTERM')
    expectExit(await gateway.ended, 0)
    const run = `gateway-openai-${new Date().toISOString().slice(0, 10)}`
    expect(parseLines((await typeHere(world, 'results', run)).stdout)).toHaveLength(68)
    expect(await world.server.ledger()).toMatchObject({ rowsBilledAgain: 0 })
  })

  it('loses nothing that it has taken when it is killed, before and while that is at the provider', async () => {
    const { clock, release } = heldClock()
    const world = await openWorld({ clock })
    // Nothing is sent before it is killed: what it has taken is in its journal alone.
    const killed = await startGateway(world, '--idle', '1h')
    const taken = await Promise.all(
      ['a1', 'a2', 'a3'].map((nonce) =>
        post(`${killed.baseURL}/chat/completions`, chatBody(nonce), { prefer: 'respond-async' }),
      ),
    )
    expect(taken.map(({ status }) => status)).toEqual([202, 202, 202])
    const places = taken.map(({ headers }) => headers.get('location') ?? '')
    const inBackground = (input: string, baseURL: string) =>
      clientOf(baseURL).responses.create({ model: MODEL, input, background: true })
    const asked = await inBackground('nonce:a4', killed.baseURL)
    const dropped = await inBackground('nonce:never', killed.baseURL)
    expect(await clientOf(killed.baseURL).responses.cancel(dropped.id)).toMatchObject({ status: 'cancelled' })
    // A client that goes away.
    const gone = new AbortController()
    const leaving = fetch(`${killed.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(chatBody('a5')),
      signal: gone.signal,
    })
    const same = () => post(`${killed.baseURL}/chat/completions`, chatBody('a5'), { prefer: 'respond-async' })
    const place = (await same()).headers.get('location') ?? ''
    gone.abort()
    await expect(leaving).rejects.toThrow(/abort/)
    killed.process.kill('SIGKILL')
    await killed.ended
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })

    const second = await startGateway(world)
    await second.shows('5 calls of before are waited for')
    await vi.waitFor(async () => expect((await world.server.ledger()).batchesCreated).toBeGreaterThan(0), PATIENCE)
    expect((await fetch(second.url + place)).status).toBe(202)
    const sent = clientOf(second.baseURL)
    expect(await sent.responses.retrieve(asked.id)).toMatchObject({ id: asked.id, status: 'in_progress', model: MODEL })
    await expect(sent.responses.cancel(asked.id)).rejects.toMatchObject({ status: 409, code: 'already_sent' })
    second.process.kill('SIGKILL')
    await second.ended

    // It says what is open when it is stopped, and tells a client that waits to come again.
    const third = await startGateway(world)
    const waiting = post(`${third.baseURL}/chat/completions`, chatBody('a1'))
    await vi.waitFor(async () => expect((await fetch(third.url + place)).status).toBe(202), PATIENCE)
    third.process.kill('SIGTERM')
    const told = await waiting
    expect([told.status, told.headers.get('retry-after')]).toEqual([503, '1'])
    const ended = await third.ended
    expectExit(ended, 75)
    expect(ended.stderr).toMatch(/5 calls are not answered yet\.\nStart the gateway again, or use llm-batch tick/)

    release()
    const last = await startGateway(world)
    for (const path of [...places, place]) {
      await vi.waitFor(async () => expect((await fetch(last.url + path)).status).toBe(200), PATIENCE)
    }
    const client = clientOf(last.baseURL)
    expect(await untilEnded(client, asked.id)).toMatchObject({ id: asked.id, status: 'completed' })
    expect(await client.responses.retrieve(dropped.id)).toMatchObject({ id: dropped.id, status: 'cancelled' })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('answers each call once under faults of the provider and of the network', async () => {
    const world = await openWorld({
      faults: [
        'upload:1=reset',
        'create:1=accept-then-500',
        'create:2=accept-then-reset',
        'get:2=status(502)',
        'get:4=half-json',
        'content:1=cut',
        'content:2=html-answer',
        'run:1=row-status(500@0.5)',
      ],
      config: { limits: { maxRequests: 15 } },
    })
    const gateway = await startGateway(world)
    const client = clientOf(gateway.baseURL)
    const texts = Array.from({ length: 30 }, (_, index) => `call ${index}`)
    const answers = await Promise.all(texts.map((text) => say(client, text)))
    expect(answers).toEqual(texts.map((text) => expect.stringContaining(`nonce:${text.replace(' ', '-')}`)))
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 30, rowsBilledAgain: 0 })
    expect(world.server.firedFaults().length).toBeGreaterThanOrEqual(6)
  })

  it('tells calls apart by their content, their key and the run that is named', async () => {
    const world = await openWorld()
    const { url } = await openGateway(world)
    const ask = async (headers: Readonly<Record<string, string>>) => {
      const answer = await post(`${url}/v1/chat/completions`, chatBody('same'), headers)
      expect(answer.status).toBe(200)
      return answer.headers.get('x-llm-batch-call')
    }
    const keys = [{}, {}, { 'idempotency-key': 'one' }, { 'idempotency-key': 'one' }, { 'idempotency-key': 'two' }]
    const ownKeys = ['stainless-python-retry-1', 'stainless-node-retry-2'].map((key) => ({ 'idempotency-key': key }))
    const calls = await Promise.all([...keys, ...ownKeys, { 'x-llm-batch-run': 'evaluation' }].map(ask))
    expect(new Set(calls)).toHaveLength(4)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 4 })
    expect((await typeHere(world, 'runs')).stdout).toMatch(/ evaluation .*\n?.*/)
  })

  it('goes on with a call of the day before where it is asked again, and buys it anew where it is not', async () => {
    const world = await openWorld()
    let aheadMs = Date.parse('2026-11-29T23:50:00Z') - systemClock.now()
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
    const { url } = await openGateway(world, { parts: { clock } })
    const ask = async (headers = {}) => {
      const answer = await post(`${url}/v1/chat/completions`, chatBody('midnight'), headers)
      return [answer.status, answer.headers.get('x-llm-batch-run')]
    }
    expect(await ask()).toEqual([200, 'openai-2026-11-29'])
    aheadMs += 600_000
    expect(await ask({ 'x-stainless-retry-count': '1' })).toEqual([200, 'openai-2026-11-29'])
    expect(await ask()).toEqual([200, 'openai-2026-11-30'])
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2 })
  })

  it('has a client that waits too long come again, which goes on waiting and buys nothing twice', async () => {
    const { clock, release } = heldClock()
    const world = await openWorld({ clock })
    const { url } = await openGateway(world, { holdMs: 20 })
    const early = await post(`${url}/v1/chat/completions`, chatBody('patient'))
    expect([early.status, early.headers.get('retry-after'), early.headers.get('x-should-retry')]).toEqual([
      503,
      '1',
      null,
    ])
    expect(await early.json()).toMatchObject({ error: { code: 'not_answered_yet' } })
    release()
    expect(await say(clientOf(`${url}/v1`, 1_000), 'patient too')).toContain('patient-too')
    const waits = { prefer: 'respond-async, wait=100' }
    const held = await openGateway(world, { name: 'held' })
    expect((await post(`${held.url}/v1/chat/completions`, chatBody('waits'), waits)).status).toBe(200)
    expect(await world.server.ledger()).toMatchObject({ rowsBilledAgain: 0 })
  })

  it('keeps calls that its cap holds back until it is started with a higher one', async () => {
    const world = await openWorld()
    const capped = await startGateway(world, '--max-cost', '0.000001')
    const held = { status: 424, code: 'held', message: expect.stringMatching(/is held: .*--max-cost/) }
    await expect(say(clientOf(capped.baseURL), 'dear')).rejects.toMatchObject(held)
    const asked = await clientOf(capped.baseURL).responses.create({ model: MODEL, input: 'nonce:h', background: true })
    capped.process.kill('SIGTERM')
    expectExit(await capped.ended, 75)
    const raised = await startGateway(world, '--max-cost', '1')
    const client = clientOf(raised.baseURL)
    expect(await untilEnded(client, asked.id)).toMatchObject({ status: 'completed' })
    expect(await say(client, 'dear')).toContain('nonce:dear')
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2, rowsBilledAgain: 0 })
  })
})
