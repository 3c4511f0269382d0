import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Hono } from 'hono'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { type WebhookHandlers, webhookHandlers } from '../../src/webhooks/in/handlers.ts'
import type { ReceiverParts } from '../../src/webhooks/in/receiver.ts'
import { sendersOf } from '../../src/webhooks/in/senders.ts'
import { openWebhooks } from '../../src/webhooks.ts'
import { ENGINES } from '../support/engines.ts'
import { openWorld } from '../support/local-world.ts'
import { batchOf, createRun } from '../support/stored-run.ts'

const SECRETS = {
  OPENAI_WEBHOOK_SECRET: ['whsec_bmV3ZXIgc2VjcmV0IG9mIG9wZW5haQ==', 'an older secret of openai'],
  GEMINI_WEBHOOK_SECRET: ['whsec_c2VjcmV0IG9mIGdlbWluaSwgYSB3b3Jk'],
  DOUBLEWORD_WEBHOOK_SECRET: ['a secret of doubleword'],
  OPENROUTER_WEBHOOK_SECRET: ['secret of openrouter'],
}
const [NEWER = '', OLDER = ''] = SECRETS.OPENAI_WEBHOOK_SECRET
const [GEMINI = ''] = SECRETS.GEMINI_WEBHOOK_SECRET
const [DOUBLEWORD = ''] = SECRETS.DOUBLEWORD_WEBHOOK_SECRET
const ENDED = eventOf('batch_1')

let store: Store
let handlers: WebhookHandlers
let nextLook: () => Promise<number | undefined>
let refusals: number
let troubles: unknown[]

/** A home with one batch at work, whose next look is far away. */
async function openHome(provider = 'openai', remoteId = 'batch_1'): Promise<void> {
  const [engine] = ENGINES
  const home = await engine!.make()
  const opened = await home.open()
  store = opened
  onTestFinished(async () => {
    await opened.close()
    await home.remove()
  })
  const run = await createRun(store, home.folder)
  const key = await run.store.addBatch(
    batchOf([0], { target: { provider, endpoint: '/v1/chat/completions', model: 'm' } }),
  )
  await run.store.moveAttempt(key, 'planned', 'submitted', { remoteId, nextAt: Number.MAX_SAFE_INTEGER })
  nextLook = async () => (await run.store.allAttempts())[0]?.nextAt
  refusals = 0
  troubles = []
  handlers = webhookHandlers(partsWith(store))
}

function partsWith(place: Pick<Store, 'wake'>): ReceiverParts {
  const webhookSecretsIn = (variable: string) => SECRETS[variable as keyof typeof SECRETS] ?? []
  return {
    store: place,
    senders: sendersOf({ webhookSecretsIn }, Date.now),
    onWake: () => undefined,
    onRefusal: () => {
      refusals += 1
    },
    onTrouble: (error) => troubles.push(error),
  }
}

async function isWoken(): Promise<boolean> {
  return (await nextLook()) !== Number.MAX_SAFE_INTEGER
}

describe('a webhook', () => {
  beforeEach(() => openHome())

  it.each([
    ['with another secret', () => signed(ENDED, { secret: 'a secret that is not set' })],
    ['over another body', () => ({ ...signed(eventOf('batch_2')), body: ENDED })],
    ['signed six minutes ago', () => signed(ENDED, { agoSeconds: 360 })],
    ['signed for six minutes from now', () => signed(ENDED, { agoSeconds: -360 })],
    ['without an id', () => without(signed(ENDED), 'webhook-id')],
    ['without a signature', () => without(signed(ENDED), 'webhook-signature')],
    ['with a signature of another version', () => signed(ENDED, { version: 'v2' })],
    ['that is too large', () => signed(`${ENDED}${' '.repeat(70_000)}`)],
    [
      'over what a decoder makes of its bytes',
      () => ({ ...signed(`${ENDED}\ufffd`), body: Buffer.from([...Buffer.from(ENDED), 0xff]) }),
    ],
    ['with an endless id', () => signed(ENDED, { id: 'x'.repeat(300) })],
    ['without a body', () => ({ ...signed(''), body: undefined })],
  ])('%s gets the one answer of strangers and wakes nothing', async (_, made) => {
    const { body, headers } = made()
    const response = await handlers.handle(requestOf(headers, body))
    expect([response.status, await response.text(), [...response.headers]]).toEqual([401, '', []])
    expect(await isWoken()).toBe(false)
    expect({ refusals, troubles }).toEqual({ refusals: 1, troubles: [] })
  })

  it('counts once for each id, by any of the secrets, in a memory that all processes share', async () => {
    const first = signed(ENDED, { secret: OLDER, id: 'one' })
    expect((await handlers.handle(requestOf(first.headers, first.body))).status).toBe(204)
    expect(await isWoken()).toBe(true)
    const before = await nextLook()
    const other = webhookHandlers(partsWith(store))
    const again = signed(ENDED, { secret: OLDER, id: 'one', agoSeconds: 10 })
    for (const copy of [first, again]) {
      expect((await other.handle(requestOf(copy.headers, copy.body))).status).toBe(204)
    }
    expect(await nextLook()).toBe(before)
    const newer = signed(ENDED, { secret: NEWER, id: 'two' })
    await other.handle(requestOf(newer.headers, newer.body))
    expect(await nextLook()).toBe((before ?? 0) - 1)
    expect({ refusals, troubles }).toEqual({ refusals: 0, troubles: [] })
  })

  it.each([
    ['of another provider', () => signed(ENDED, { secret: GEMINI })],
    ['about an unknown batch', () => signed(eventOf('batch_9'))],
    ['that is not JSON', () => signed('batch_1')],
    ['that is too deep', () => signed(`{"data":${'['.repeat(20_000)}`)],
    ['that names no batch', () => signed('{"type":"batch.completed","data":{"id":["batch_1"]}}')],
  ])('%s is taken and changes nothing', async (_, made) => {
    const { body, headers } = made()
    expect((await handlers.handle(requestOf(headers, body))).status).toBe(204)
    expect(await isWoken()).toBe(false)
    expect({ refusals, troubles }).toEqual({ refusals: 0, troubles: [] })
  })

  it('is to be sent again where the catalog cannot be written', async () => {
    const failing = webhookHandlers(partsWith({ wake: async () => Promise.reject(new Error('the disk is full')) }))
    const { body, headers } = signed(ENDED)
    expect((await failing.handle(requestOf(headers, body))).status).toBe(500)
    expect(troubles).toMatchObject([{ message: 'the disk is full' }])
  })

  it.each([
    [
      'Gemini, with the name of its resource',
      'gemini',
      'abc',
      () => signed(eventOf('batches/abc'), { secret: GEMINI }),
    ],
    [
      'Doubleword, without the beginning of its id',
      'doubleword',
      'batch_5',
      () => signed(namingBatch('5'), { secret: DOUBLEWORD }),
    ],
    ['OpenRouter, in a form of its own', 'openrouter', 'batch_7', () => signedByOpenRouter(eventOf('batch_7'))],
  ])('of %s wakes its batch', async (_, provider, remoteId, made) => {
    await openHome(provider, remoteId)
    const { body, headers } = made()
    expect((await handlers.handle(requestOf(headers, body))).status).toBe(204)
    expect(await isWoken()).toBe(true)
    const late = signedByOpenRouter(eventOf('batch_7'), 360)
    expect((await handlers.handle(requestOf(late.headers, late.body))).status).toBe(401)
  })
})

describe('the handlers of a program', () => {
  beforeEach(() => openHome())

  it('take the bytes of node:http, of express.raw and of Hono, and say so where a parser has eaten them', async () => {
    const parse = { kind: 'none' as 'none' | 'raw' | 'json' }
    const server = createServer((request, response) => {
      void (async () => {
        if (parse.kind !== 'none') {
          const bytes = await buffer(request)
          Object.assign(request, { body: parse.kind === 'raw' ? bytes : (JSON.parse(bytes.toString()) as unknown) })
        }
        await handlers.listen(request, response)
      })()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const status = async (kind: typeof parse.kind, id: string, body = ENDED) => {
      parse.kind = kind
      return (await fetch(url, { method: 'POST', ...signed(body, { id }) })).status
    }
    expect(await status('none', 'a')).toBe(204)
    expect(await isWoken()).toBe(true)
    const before = (await nextLook()) ?? 0
    expect(await status('raw', 'b')).toBe(204)
    expect(await status('json', 'c')).toBe(500)
    expect(troubles).toMatchObject([
      { message: 'the body of a webhook was parsed before its signature could be checked' },
    ])
    expect(await status('raw', 'd', `${ENDED}${' '.repeat(70_000)}`)).toBe(401)
    const app = new Hono().post('/webhooks', (context) => handlers.handle(context.req.raw))
    const { body, headers } = signed(ENDED, { id: 'e' })
    expect((await app.request('/webhooks', { method: 'POST', body, headers })).status).toBe(204)
    expect(await nextLook()).toBe(before - 2)
  })

  it('are opened on a home with secrets of the program, and refuse a provider that sends none', async () => {
    const { environment, home } = await openWorld()
    const webhooks = await openWebhooks({ home, environment, secrets: { openai: NEWER } })
    // As the route handler of Next takes it.
    const { handle: POST } = webhooks
    const { body, headers } = signed(ENDED)
    expect((await POST(requestOf(headers, body))).status).toBe(204)
    await webhooks.close()
    await expect(openWebhooks({ home, environment })).rejects.toMatchObject({ code: 'configuration' })
    await expect(openWebhooks({ home, environment, secrets: { mistral: NEWER } })).rejects.toMatchObject({
      code: 'usage',
    })
  })
})

interface Signed {
  readonly body: string | Buffer<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

function eventOf(id: string): string {
  return JSON.stringify({ id: 'evt_1', object: 'event', type: 'batch.completed', data: { id } })
}

/** As Doubleword's documents show it. */
function namingBatch(id: string): string {
  return JSON.stringify({ type: 'batch.completed', data: { batch_id: id, status: 'completed', request_counts: {} } })
}

/** As the specification says it, with nothing of the package that checks it. */
function signed(
  body: string | Buffer<ArrayBuffer>,
  { agoSeconds = 0, id = 'id', secret = NEWER, version = 'v1' } = {},
): Signed {
  const at = String(Math.floor(Date.now() / 1_000) - agoSeconds)
  const [, encoded] = /^whsec_(.*)$/.exec(secret) ?? []
  const key = encoded === undefined ? secret : Buffer.from(encoded, 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64')
  const headers = { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `${version},${signature}` }
  return { body, headers }
}

function signedByOpenRouter(body: string, agoSeconds = 0): Signed {
  const at = Math.floor(Date.now() / 1_000) - agoSeconds
  const hex = createHmac('sha256', 'secret of openrouter').update(`${at},${body}`).digest('hex')
  return { body, headers: { 'x-openrouter-signature': `t=${at},v1=${hex}` } }
}

function without({ body, headers }: Signed, name: string): Signed {
  return { body, headers: Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name)) }
}

function requestOf(headers: Signed['headers'], body: Signed['body'] | undefined): Request {
  return new Request('http://localhost/webhooks', { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
}
