import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createTransport, type TransportOptions } from '../../src/providers/http.ts'
import type { Transport, TransportRequest } from '../../src/providers/transport.ts'
import { impatientClock } from '../support/adapter.ts'
import { answerJson, type HttpServer, startHttpServer } from '../support/http-server.ts'

const cleanUps: (() => unknown)[] = []
const never = (): AbortSignal => new AbortController().signal

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

async function serve(answer: Parameters<typeof startHttpServer>[0]): Promise<HttpServer> {
  const server = await startHttpServer(answer)
  cleanUps.push(() => server.close())
  return server
}

/** A server below HTTP: what it does with a connection is up to the test. */
async function listenRaw(handle: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket))
    handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function transportTo(apiOrigin: string, more: Partial<TransportOptions> = {}): Transport {
  return createTransport({ apiOrigin, clock: impatientClock, idleTimeoutMs: 60_000, environment: {}, ...more })
}

function get(origin: string, more: Partial<TransportRequest> = {}): TransportRequest {
  return { method: 'GET', url: new URL('/v1/x', origin), headers: {}, ...more }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of body) all.push(piece)
  return Buffer.concat(all).toString()
}

async function* pieces(count: number, bytes: number): AsyncIterable<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(bytes, 'a')
}

describe('an exchange', () => {
  it('gives every status as it is, with lower-case headers and the body', async () => {
    const { origin } = await serve((_, response) => answerJson(response, 418, { a: 1 }, { 'X-Request-Id': 'r1' }))
    const response = await transportTo(origin).send(get(origin), never())
    expect(response).toMatchObject({ status: 418, headers: { 'x-request-id': 'r1' } })
    expect(await readText(response.body)).toBe('{"a":1}')
  })

  it('asks for no compression and for nothing to be kept of a create', async () => {
    const server = await serve((_, response) => answerJson(response, 200, {}))
    const transport = transportTo(server.origin)
    await readText((await transport.send(get(server.origin, { totalTimeoutMs: 60_000 }), never())).body)
    expect(server.received[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', connection: 'close' })
  })

  it('opens a connection of its own for each create, and shares one otherwise', async () => {
    const server = await serve((_, response) => answerJson(response, 200, {}))
    const transport = transportTo(server.origin)
    const call = async (more: Partial<TransportRequest>): Promise<void> => {
      await readText((await transport.send(get(server.origin, more), never())).body)
    }
    for (let count = 0; count < 6; count += 1) await call({})
    const shared = server.connections
    expect(shared).toBeLessThan(6)
    await call({ totalTimeoutMs: 60_000 })
    await call({ totalTimeoutMs: 60_000 })
    expect(server.connections).toBe(shared + 2)
  })

  it('streams a body with its exact length, never in chunks', async () => {
    const server = await serve((_, response) => answerJson(response, 200, {}))
    const body = { bytes: 3_000_000, stream: pieces(3, 1_000_000) }
    await transportTo(server.origin).send(get(server.origin, { method: 'POST', body }), never())
    const [request] = server.received
    expect(request?.headers['content-length']).toBe('3000000')
    expect(request?.headers['transfer-encoding']).toBeUndefined()
    expect(request?.body.length).toBe(3_000_000)
  })

  it.each([2, 4])('fails where a stream of 3 pieces was announced and %i came', async (count) => {
    const { origin } = await serve((_, response) => answerJson(response, 200, {}))
    const body = { bytes: 3_000, stream: pieces(count, 1_000) }
    const sent = transportTo(origin).send(get(origin, { method: 'POST', body }), never())
    await expect(sent).rejects.toMatchObject({ failure: { kind: 'transport' } })
  })
})

describe('a failure', () => {
  it('is unreached where no server listens', async () => {
    const origin = await listenRaw(() => {})
    await cleanUps.pop()?.()
    await expect(transportTo(origin).send(get(origin), never())).rejects.toMatchObject({
      failure: { kind: 'unreached', message: expect.stringContaining('ECONNREFUSED') },
    })
  })

  it('is unreached where the name is not known', async () => {
    const origin = 'https://no-such-host.invalid'
    await expect(transportTo(origin).send(get(origin), never())).rejects.toMatchObject({
      failure: { kind: 'unreached' },
    })
  })

  it('is unreached where no TLS connection came about', async () => {
    const origin = (await listenRaw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).replace(
      'http:',
      'https:',
    )
    await expect(transportTo(origin).send(get(origin), never())).rejects.toMatchObject({
      failure: { kind: 'unreached' },
    })
  })

  it.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.once('data', () => socket.destroy())],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['answers half a status line', (socket) => socket.once('data', () => socket.end('HTTP/1.1 20'))],
    ['answers something else than HTTP', (socket) => socket.once('data', () => socket.end('hello\r\n\r\n'))],
  ])('is transport where the server has read the request and %s', async (_, handle) => {
    const origin = await listenRaw(handle)
    const sent = transportTo(origin).send(get(origin, { method: 'POST', body: '{}', totalTimeoutMs: 60_000 }), never())
    await expect(sent).rejects.toMatchObject({ failure: { kind: 'transport' } })
  })

  it('is transport where a body ends before its declared length', async () => {
    const origin = await listenRaw((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a"'))
    })
    const { body } = await transportTo(origin).send(get(origin), never())
    await expect(readText(body)).rejects.toMatchObject({ failure: { kind: 'transport' } })
  })

  it('sends a request that failed exactly once', async () => {
    let requests = 0
    const origin = await listenRaw((socket) => {
      socket.on('data', () => {
        requests += 1
        socket.destroy()
      })
    })
    const transport = transportTo(origin)
    await expect(transport.send(get(origin), never())).rejects.toThrow(/127\.0\.0\.1/)
    await expect(transport.send(get(origin, { method: 'POST', body: '{}' }), never())).rejects.toThrow(/127\.0\.0\.1/)
    expect(requests).toBe(2)
  })
})

describe('time', () => {
  it('limits a silent server, and says that the answer may have been on its way', async () => {
    const origin = await listenRaw(() => {})
    const sent = transportTo(origin, { idleTimeoutMs: 2_000 }).send(get(origin), never())
    await expect(sent).rejects.toMatchObject({ failure: { kind: 'transport' } })
  })

  it('limits a create as a whole, also while its answer trickles', async () => {
    const origin = await listenRaw((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
        const drip = setInterval(() => socket.write(' '), 20)
        socket.on('close', () => clearInterval(drip))
      })
    })
    // The clock makes this limit pass at once.
    const transport = transportTo(origin)
    const create = transport.send(get(origin, { method: 'POST', body: '{}', totalTimeoutMs: 1_000 }), never())
    await expect(create.then(({ body }) => readText(body))).rejects.toMatchObject({
      failure: { kind: expect.stringMatching(/transport|unreached/), message: expect.stringContaining('within 1s') },
    })
  })

  /** A server that sends so many pieces of so many bytes, half a second apart. */
  async function dripping(count: number, bytes: number): Promise<string> {
    return await listenRaw((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${count * bytes}\r\n\r\n`)
        let sent = 0
        const drip = setInterval(() => {
          socket.write('x'.repeat(bytes))
          sent += 1
          if (sent === count) clearInterval(drip)
        }, 500)
        socket.on('close', () => clearInterval(drip))
      })
    })
  }

  it('does not limit a transfer that moves, however long it takes', async () => {
    const origin = await dripping(10, 10_000)
    const { body } = await transportTo(origin, { idleTimeoutMs: 4_000 }).send(get(origin), never())
    expect(await readText(body)).toBe('x'.repeat(100_000))
  })

  it('limits a body that only drips, by what it has brought', async () => {
    const origin = await dripping(1_000, 1)
    const { body } = await transportTo(origin, { idleTimeoutMs: 4_000 }).send(get(origin), never())
    await expect(readText(body)).rejects.toMatchObject({
      failure: {
        kind: 'transport',
        message: expect.stringMatching(/the answer broke off: it came too slowly, \d+ bytes within/),
      },
    })
  })

  it('does not limit an upload that a slow server takes in bit by bit', async () => {
    const total = 9_000_000
    let seen = 0
    const origin = await listenRaw((socket) => {
      socket.on('data', (bytes) => {
        seen += bytes.length
        socket.pause()
        setTimeout(() => socket.resume(), 50)
        if (seen > total) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
      })
    })
    const body = { bytes: total, stream: pieces(1, total) }
    const sending = transportTo(origin, { idleTimeoutMs: 5_000 }).send(get(origin, { method: 'POST', body }), never())
    expect(await readText((await sending).body)).toBe('{}')
  })

  it('ends for a caller who gives up', async () => {
    const origin = await listenRaw(() => {})
    const stop = new AbortController()
    const sent = transportTo(origin).send(get(origin), stop.signal)
    setImmediate(() => stop.abort())
    await expect(sent).rejects.toMatchObject({ failure: { kind: expect.stringMatching(/transport|unreached/) } })
  })
})

describe('a proxy', () => {
  /** Counts who asks it to connect where, and refuses. */
  async function startProxy(): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = []
    const url = await listenRaw((socket) => {
      socket.once('data', (bytes) => {
        asked.push(bytes.toString().split('\r\n')[0] ?? '')
        socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')
      })
    })
    return { url, asked }
  }

  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY'])(
    'named by %s is asked for a tunnel, and its refusal is unreached',
    async (name) => {
      const { asked, url } = await startProxy()
      const origin = 'https://api.example.invalid'
      const transport = transportTo(origin, { environment: { [name]: url } })
      await expect(transport.send(get(origin), never())).rejects.toMatchObject({ failure: { kind: 'unreached' } })
      expect(asked).toEqual(['CONNECT api.example.invalid:443 HTTP/1.1'])
    },
  )

  it('is passed by for hosts that NO_PROXY names', async () => {
    const { asked, url } = await startProxy()
    const origin = 'https://api.example.invalid'
    const transport = transportTo(origin, { environment: { HTTPS_PROXY: url, NO_PROXY: '.example.invalid' } })
    await expect(transport.send(get(origin), never())).rejects.toMatchObject({ failure: { kind: 'unreached' } })
    expect(asked).toEqual([])
  })

  it('is passed by for this machine', async () => {
    const { asked, url } = await startProxy()
    const { origin } = await serve((_, response) => answerJson(response, 200, {}))
    const transport = transportTo(origin, { environment: { HTTP_PROXY: url, HTTPS_PROXY: url } })
    expect((await transport.send(get(origin), never())).status).toBe(200)
    expect(asked).toEqual([])
  })

  it.each(['nonsense', 'localhost:3128', 'ftp://localhost:3128'])(
    'that is no proxy URL is said to be none: %s',
    (url) => {
      const make = (): Transport => transportTo('https://api.example.invalid', { environment: { HTTPS_PROXY: url } })
      expect(make).toThrow(/HTTPS_PROXY is not a usable proxy URL/)
    },
  )
})
