import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import OpenAI, { toFile } from 'openai'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { type HttpServer, type ReceivedRequest, startHttpServer } from '../support/http-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const RUN = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const NEWER = `whsec_${Buffer.alloc(24, 9).toString('base64')}`

/** A world whose processes know the secrets. */
async function knowingWorld(options: Parameters<typeof openWorld>[0] = {}): Promise<LocalWorld> {
  const world = await openWorld(options)
  const secrets = { OPENAI_WEBHOOK_SECRET: `${NEWER},${SECRET}`, LLM_BATCH_WEBHOOK_SECRET: SECRET }
  return { ...world, environment: { ...world.environment, ...secrets } }
}

describe('llm-batch webhooks', () => {
  it('ends a run whose next look is days away, once a webhook tells that its batch has ended', async () => {
    const { clock, release } = heldClock()
    const webhook = { url: '', secret: SECRET }
    const world = await knowingWorld({ clock, webhook, waits: { poll: '72h', pollMost: '72h' } })
    await world.write('rows.jsonl', questions(2))
    const receiver = start(world, ['webhooks', '--port', '0', '--path', '/hooks'])
    const shown = await receiver.shows('Taking webhooks of openai (2 secrets). Stop with Ctrl-C.')
    webhook.url = /http:\S+\/hooks/.exec(shown)?.[0] ?? ''
    const run = start(world, RUN)
    await vi.waitFor(async () => {
      const { stdout } = await typeHere(world, 'status', 'last', '--json')
      expect(JSON.parse(stdout).batches).toMatchObject([{ stage: 'submitted' }])
    }, PATIENCE)
    // A stranger's word wakes nothing, and what is said of the batch is not believed.
    const stranger = await fetch(webhook.url, { method: 'POST', body: '{"type":"batch.completed","data":{"id":"x"}}' })
    expect([stranger.status, await stranger.text()]).toEqual([401, ''])
    release()
    expectExit(await run.ended, 0)
    expect(await receiver.shows('is looked at now')).toMatch(/openai: a batch of run \S+ is looked at now\./)
    receiver.process.kill('SIGTERM')
    const { code, stderr, stdout } = await receiver.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${webhook.url}\n` })
    expect(stderr).toContain('1 request without a valid signature in all.')
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })

  it('says which secret to set where there is none, and doctor says what to register', async () => {
    const world = await openWorld()
    const refused = await type(world, 'webhooks')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/no secret of a webhook is set\nnext: Set one of OPENAI_WEBHOOK_SECRET, /)
    const knowing = { ...world, environment: { ...world.environment, OPENAI_WEBHOOK_SECRET: SECRET } }
    const { stdout } = await typeHere(knowing, 'doctor', '--offline')
    expect(stdout).toMatch(/webhooks +openai: 1 secret in OPENAI_WEBHOOK_SECRET/)
    expect(stdout).toMatch(/gemini: no secret; .*batch\.succeeded/s)
    expect(stdout).not.toContain(SECRET)
  })
})

describe('llm-batch serve --webhook-url', () => {
  it("signs as the provider does: its official SDK takes the server's webhooks", async () => {
    const world = await knowingWorld()
    const received = await receiverOf((_, response) => response.writeHead(204).end())
    const flags = ['--simulate', '--folder', 'told', '--webhook-url', `${received.origin}/hook`]
    const server = start(world, ['serve', ...flags])
    const [, baseURL = ''] = /OPENAI_BASE_URL=(\S+)/.exec(await server.shows('Stop with Ctrl-C')) ?? []
    const client = new OpenAI({ baseURL, apiKey: 'simulated', webhookSecret: NEWER })
    const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hello' }] }
    const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body }
    const file = await client.files.create({
      file: await toFile(Buffer.from(`${JSON.stringify(line)}\n`), 'lines.jsonl'),
      purpose: 'batch',
    })
    const { id } = await client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
    await vi.waitFor(() => expect(received.received).toHaveLength(1), PATIENCE)
    const [sent] = received.received
    const event = await client.webhooks.unwrap(sent?.body.toString() ?? '', headersOf(sent))
    expect(event).toMatchObject({ type: 'batch.completed', data: { id } })
    const refused = await typeHere(world, 'serve', ...flags, '--webhook-secret', 'NOT_SET')
    expectExit(refused, 2)
    expect(refused.stderr).toContain('NOT_SET is not set')
  })
})

describe('--on-finish with an address', () => {
  it('tells it by a signed webhook that is tried again, and a worker tells it too', async () => {
    const world = await knowingWorld()
    let calls = 0
    const receiver = await receiverOf((_, response) => {
      calls += 1
      return response.writeHead(calls === 1 ? 503 : 204).end()
    })
    await world.write('rows.jsonl', questions(2))
    const ended = await typeHere(world, ...RUN, '--name', 'told', '--on-finish', `${receiver.origin}/secret-path`)
    expectExit(ended, 0)
    expect(ended.stderr).not.toContain('warning')
    const [first, second] = receiver.received
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    const message = new Webhook(SECRET).verify(second?.body ?? '', headersOf(second))
    expect(message).toMatchObject({
      type: 'run.completed',
      data: { name: 'told', state: 'completed', output: 'out.jsonl', rows: 2, counts: { succeeded: 2, failed: 0 } },
    })
    expect(second?.body.toString()).not.toContain(world.folder)

    await world.write('rows.jsonl', questions(1, 'w'))
    expectExit(await typeHere(world, ...RUN.slice(0, -1), 'other.jsonl', '--detach'), 75)
    expectExit(await typeHere(world, 'worker', '--once', '--on-finish', receiver.origin), 0)
    expect(receiver.received).toHaveLength(3)
    const { data } = JSON.parse(receiver.received[2]?.body.toString() ?? '')
    expect(data).toMatchObject({ name: null, state: 'completed', output: 'other.jsonl', rows: 1 })
    // A finished run is told of again by resume, under the id of before.
    expectExit(await typeHere(world, 'resume', data.run, '--on-finish', receiver.origin), 0)
    expect(receiver.received[3]?.headers['webhook-id']).toBe(receiver.received[2]?.headers['webhook-id'])
  })

  it('says what was not delivered, follows no redirect, and fails no run', async () => {
    const world = await knowingWorld()
    const elsewhere = await receiverOf((_, response) => response.end())
    const receiver = await receiverOf((_, response) => response.writeHead(307, { location: elsewhere.origin }).end())
    await world.write('rows.jsonl', questions(1))
    const words = [...RUN, '--on-finish', `${receiver.origin}/secret-path`, '--events', 'events.jsonl']
    const ended = await type(world, ...words)
    expectExit(ended, 0)
    expect(ended.stderr).toContain(
      `warning: the webhook to ${receiver.origin} was not delivered: the answer was HTTP 307`,
    )
    expect(ended.stderr).not.toContain('secret-path')
    expect(elsewhere.received).toEqual([])
    const warning = expect.objectContaining({ type: 'warning', code: 'webhook_undelivered' })
    const events = parseLines(await readFile(join(world.folder, 'events.jsonl'), 'utf8'))
    expect(events).toContainEqual(warning)
    const log = join(world.home, 'runs', String(events[0]?.['run']), 'log.jsonl')
    expect(parseLines(await readFile(log, 'utf8'))).toContainEqual(warning)
  })

  it('tells it of a run that is held, with the reason, also where a job file says so', async () => {
    const world = await knowingWorld({ acceptedKeys: ['sk-another-0123456789'] })
    const receiver = await receiverOf((_, response) => response.end())
    await world.write('rows.jsonl', questions(1))
    const keys = ['input: rows.jsonl', 'model: openai/gpt-6.1-terra', "prompt: '{{text}}'", 'output: out.jsonl']
    await world.write('job.yaml', [...keys, `onHold: ${receiver.origin}`].join('\n'))
    expectExit(await typeHere(world, 'run', 'job.yaml'), 3)
    expect(receiver.received.map(({ body }) => JSON.parse(body.toString()) as unknown)).toMatchObject([
      { type: 'run.held', data: { state: 'held', reason: expect.stringContaining('key'), rows: 1, costUsd: 0 } },
    ])
  })

  it('is refused before anything is read where it could not be signed, or would not be encrypted', async () => {
    const world = await openWorld()
    for (const [address, secret, said] of [
      ['https://example.com/hook', '', 'LLM_BATCH_WEBHOOK_SECRET is not set'],
      ['https://example.com/hook', 'not-prefixed-0123456789', 'does not begin with whsec_'],
      ['http://example.com/hook', SECRET, '--on-finish names an address that no webhook is sent to'],
      ['https://user:word@example.com/', SECRET, '--on-finish names an address that no webhook is sent to'],
    ] as const) {
      const environment = { ...world.environment, LLM_BATCH_WEBHOOK_SECRET: secret }
      const refused = await typeHere({ ...world, environment }, ...RUN, '--on-finish', address)
      expectExit(refused, 2)
      expect(refused.stderr).toContain(said)
    }
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })
})

async function receiverOf(answer: Parameters<typeof startHttpServer>[0]): Promise<HttpServer> {
  const server = await startHttpServer(answer)
  onTestFinished(() => server.close())
  return server
}

function headersOf(request: ReceivedRequest | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]))
}
