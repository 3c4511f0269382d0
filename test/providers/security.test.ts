import { afterEach, describe, expect, it } from 'vitest'
import { createTransport } from '../../src/providers/http.ts'
import { type Provider, ProviderError } from '../../src/providers/provider.ts'
import { adapterFor, impatientClock, KEY } from '../support/adapter.ts'
import { answerJson, type HttpServer, startHttpServer } from '../support/http-server.ts'

const NAMES = ['openai', 'mistral'] as const
const servers: HttpServer[] = []
const never = (): AbortSignal => new AbortController().signal

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(answer: Parameters<typeof startHttpServer>[0]): Promise<HttpServer> {
  const server = await startHttpServer(answer)
  servers.push(server)
  return server
}

/** Every call of the contract, each ended as if nothing had happened; the errors it ended with. */
async function callEverything(provider: Provider): Promise<ProviderError[]> {
  const target = { provider: provider.name, endpoint: '/v1/chat/completions', model: 'm' }
  const secretLine = Buffer.from('{"custom_id":"b1","body":{"secret":"prompt"}}\n')
  const input = { name: 'in.jsonl', bytes: secretLine.length, open: () => one(secretLine) }
  const calls: (() => Promise<unknown>)[] = [
    async () => provider.store?.(input, never()),
    async () => provider.file?.('file-1', never()),
    () => provider.create({ target, metadata: {}, windowHours: null }, { id: 'file-1' }, never()),
    async () => inconclusive(await provider.list(new Date(0), never())),
    async () => inconclusive(await provider.listFiles?.(new Date(0), never())),
    () => provider.get('batch_1', never()),
    () => readAll(provider.read({ id: 'file-1', role: 'output' }, never())),
    () => provider.cancel('batch_1', never()),
    async () => provider.discard?.('file-1', never()),
    () => provider.direct({ wireId: 'b1', target, body: '{"secret":"prompt"}' }, never()),
  ]
  const errors: ProviderError[] = []
  for (const call of calls) {
    try {
      await call()
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      errors.push(error)
    }
  }
  return errors
}

/** A listing tells of its failure as data; here it counts like any other. */
function inconclusive(listing: { readonly isConclusive: boolean; readonly reason?: string } | undefined): void {
  const message = listing?.reason ?? 'conclusive'
  throw new ProviderError({ kind: 'shape', message, status: null, code: null, requestId: null, retryAfterMs: null })
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}

describe.each(NAMES)('the adapter of %s', (name) => {
  it.each([301, 302, 303, 307, 308])('follows no redirect with status %i, on no call', async (status) => {
    const other = await serve((_, response) => answerJson(response, 200, {}))
    const configured = await serve((request, response) =>
      response.writeHead(status, { location: `${other.origin}${request.path}` }).end(),
    )
    const errors = await callEverything(adapterFor(name, configured.origin))
    expect(errors).toHaveLength(10)
    for (const error of errors) expect(error.message).toContain(other.origin)
    expect(configured.received.length).toBeGreaterThanOrEqual(10)
    expect(other.connections).toBe(0)
  })

  it('never asks an address that an answer names', async () => {
    const other = await serve((_, response) => answerJson(response, 200, {}))
    const configured = await serve((_, response) => {
      const url = `${other.origin}/files`
      const fields = { id: 'batch_1', status: 'completed', output_file_id: url, output_file: url, error_file_id: null }
      const page = { data: [fields], has_more: false, total: 1, next: url, next_page: url }
      answerJson(
        response,
        200,
        { ...fields, ...page, url, signed_url: url, results_url: url },
        { link: `<${url}>; rel=next` },
      )
    })
    const errors = await callEverything(adapterFor(name, configured.origin))
    expect(errors.length).toBeGreaterThan(0)
    expect(other.connections).toBe(0)
  })

  it('shows no key that a server echoes, in no error of any call', async () => {
    const server = await serve((request, response) => {
      const header = request.headers.authorization ?? ''
      const message = `Incorrect API key provided: ${header} (${header.slice(7)}).\u001b]0;title\u0007`
      answerJson(response, 400, { error: { message, code: `bad_${KEY}` } }, { 'x-request-id': `r-${KEY}` })
    })
    const errors = await callEverything(adapterFor(name, server.origin))
    expect(errors.length).toBeGreaterThan(5)
    for (const error of errors) {
      const shown = JSON.stringify([error.message, error.failure, String(error.stack), String(error.cause)])
      expect(shown).not.toContain(KEY)
      expect(shown).not.toContain('\u001b')
      expect(error.message).not.toMatch(/Bearer/)
    }
  })

  it('shows at most a few hundred characters of an answer', async () => {
    const server = await serve((_, response) => response.writeHead(500).end('x'.repeat(1_000_000)))
    for (const error of await callEverything(adapterFor(name, server.origin))) {
      expect(error.message.length).toBeLessThan(700)
    }
  })

  it('reads no answer without end', async () => {
    const server = await serve((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' })
      const fill = (): void => {
        while (response.writable && response.write(Buffer.alloc(65_536, 'x')));
      }
      response.on('drain', fill)
      fill()
    })
    await expect(adapterFor(name, server.origin).cancel('batch_1', never())).rejects.toMatchObject({
      failure: { kind: 'server' },
    })
  })

  it('sends its key in the one header that is for it', async () => {
    const server = await serve((_, response) => answerJson(response, 500, {}))
    await callEverything(adapterFor(name, server.origin))
    for (const { body, headers, path } of server.received) {
      const { authorization, ...others } = headers
      expect(authorization).toBe(`Bearer ${KEY}`)
      expect(JSON.stringify([others, path, body.toString()])).not.toContain(KEY)
    }
  })

  it.each(['', ' ', 'sk-with space', 'sk-line\nbreak', 'sk-ключ'])('is not made with the key %j', (apiKey) => {
    const make = (): Provider => adapterFor(name, 'http://127.0.0.1:9', impatientClock, apiKey)
    expect(make).toThrow(
      /^the API key is empty or contains a space, a line break or another character that keys do not have$/,
    )
  })
})

describe('the transport', () => {
  const make = (apiOrigin: string, isHttpAllowed = false) =>
    createTransport({ apiOrigin, clock: impatientClock, environment: {}, idleTimeoutMs: 1_000, isHttpAllowed })

  it.each([
    'https://api.openai.com/v1',
    'https://10.0.0.5:8443',
    'http://127.0.0.1:8080',
    'http://localhost:8080/v1',
    'http://LOCALHOST',
    'http://[::1]:8080',
    'http://[0:0:0:0:0:0:0:1]',
    'http://127.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0177.0.0.1',
    'http://127.255.255.254',
  ])('may go to %s', (origin) => {
    expect(() => make(origin)).not.toThrow()
  })

  it.each([
    'http://api.openai.com',
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://10.0.0.5:8000',
    'http://192.168.1.2',
    'http://0.0.0.0',
    'http://0',
    'http://[::]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:10.0.0.1]',
    'http://[fe80::1]',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1.nip.io',
    'http://localhost@evil.example',
    'http://128.0.0.1',
    'file:///etc/passwd',
    'ftp://127.0.0.1',
    'ws://127.0.0.1',
  ])('may not go to %s', (origin) => {
    expect(() => make(origin)).toThrow(/unencrypted/)
  })

  it('may use plain http elsewhere where that was allowed, and only http', () => {
    expect(() => make('http://10.0.0.5:8000', true)).not.toThrow()
    expect(() => make('ftp://10.0.0.5', true)).toThrow(/unencrypted/)
  })

  it('sends nothing to another origin than the configured one, not even to another port', async () => {
    const other = await serve((_, response) => answerJson(response, 200, {}))
    const configured = await serve((_, response) => answerJson(response, 200, {}))
    const localhost = other.origin.replace('127.0.0.1', 'localhost')
    for (const origin of [other.origin, localhost, configured.origin.replace('http:', 'https:')]) {
      const request = { method: 'GET', url: new URL('/v1/files', origin), headers: { authorization: KEY } } as const
      await expect(make(configured.origin).send(request, never())).rejects.toMatchObject({
        failure: { kind: 'unreached', message: expect.stringContaining('another origin') },
      })
    }
    expect(other.connections + configured.connections).toBe(0)
  })
})
