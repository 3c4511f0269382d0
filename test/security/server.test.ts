import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { LocalServer } from '../../src/testing.ts'
import { serverForTest } from '../support/local-server.ts'

/** Refused by the server, or as malformed before it. */
const REFUSED = [403, 400]

/** A request with headers as a browser, or another client, would send them; its status and headers. */
async function send(server: LocalServer, path: string, headers: Record<string, string>, method = 'GET') {
  const { hostname, port } = new URL(server.url)
  const outgoing = request({ hostname, port, path, method, headers: { authorization: 'Bearer any', ...headers } })
  outgoing.end(method === 'POST' ? '[]' : undefined)
  const [answer] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
  answer.resume()
  await once(answer, 'close')
  return { status: answer.statusCode, headers: answer.headers }
}

describe('the local server', () => {
  it.each([
    ['the name of a page that was pointed at this machine', { host: 'evil.example' }],
    ['a name that resolves to this machine', { host: '127.0.0.1.nip.io:8080' }],
    ['a name that begins like this machine', { host: 'localhost.evil.example' }],
    ['an address that means every interface', { host: '0.0.0.0' }],
    ['a host with a user', { host: 'localhost@evil.example' }],
    ['a page of the internet', { origin: 'https://evil.example' }],
    ['a page without an origin of its own', { origin: 'null' }],
    ['a file of this machine', { origin: 'file://' }],
    ['a page that another local program serves', { origin: 'http://127.0.0.1:3000' }],
    ['a page that calls this machine by another name', { origin: 'http://localhost.evil.example' }],
  ])('refuses %s, on every route', async (_, headers) => {
    const server = await serverForTest()
    for (const path of ['/simulator/ledger', '/openai/v1/batches', '/v1/files', '/mistral/v1/batch/jobs']) {
      expect(REFUSED).toContain((await send(server, path, headers)).status)
    }
    expect(REFUSED).toContain((await send(server, '/simulator/faults', headers, 'POST')).status)
  })

  it('answers local programs by every name of this machine, and lets no page read that', async () => {
    const server = await serverForTest()
    const { port } = new URL(server.url)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
      const { headers, status } = await send(server, '/v1/batches', { host })
      expect(status).toBe(200)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
    expect(
      (await send(server, '/v1/batches', { host: `localhost:${port}`, origin: `http://localhost:${port}` })).status,
    ).toBe(200)
  })

  it('listens on no address that other machines reach', async () => {
    const server = await serverForTest()
    const { hostname, port } = new URL(server.url)
    expect(hostname).toBe('127.0.0.1')
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => !internal && family === 'IPv4')
    for (const { address } of outside) {
      const socket = connect(Number(port), address)
      const [outcome] = await Promise.race([
        once(socket, 'connect').then(() => ['connected'] as const),
        once(socket, 'close').then(() => ['refused'] as const),
      ]).catch(() => ['refused'] as const)
      socket.destroy()
      expect(outcome).toBe('refused')
    }
  })
})
