import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Clock } from '../clock.ts'

/** An address of this machine that answers. */
export interface HttpListener {
  /** Without a path. */
  readonly url: string
  readonly port: number
  /** Takes no more; gives what is being answered so long, then closes its connections. */
  close(): Promise<void>
}

/** Options of an address that answers. */
interface ListenOptions {
  readonly address: string
  readonly port: number
  readonly clock: Clock
  /** How long a request may take to come; then its connection is closed. @default Node's own, 300,000 */
  readonly requestMs?: number | undefined
}

/** How long answers that are on their way may take when it is closed. */
const LAST_ANSWERS_MS = 2_000

/** Names by which only programs of this machine reach a server on it. */
const LOCAL_ADDRESSES: readonly string[] = ['127.0.0.1', '::1', 'localhost']

/** True for an address that only programs of this machine reach. */
export function isLocalAddress(address: string): boolean {
  return LOCAL_ADDRESSES.includes(address)
}

/** True for the `Host` header of what a program of this machine sends; of a page it may be a name pointed at this machine. */
export function isLocalHost(host: string): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(host)
}

/**
 * Answers requests at a port of an address; 0 for any port that is free. Rejects where the system does not give it, with the
 * system's own error.
 */
export async function listenForHttp(
  answer: (request: Request) => Response | Promise<Response>,
  { address, clock, port, requestMs }: ListenOptions,
): Promise<HttpListener> {
  // The SDKs that a test drives in the same process must keep the platform's own Request and Response.
  const listener = getRequestListener(answer, { overrideGlobalObjects: false })
  const server = createServer(timeoutsOf(requestMs), (request, response) => void listener(request, response))
  server.listen(port, address)
  await once(server, 'listening')
  const bound = server.address() as AddressInfo
  return { url: urlOf(bound), port: bound.port, close: () => closeServer(server, clock) }
}

function timeoutsOf(requestMs: number | undefined): ServerOptions {
  if (requestMs === undefined) return {}
  return { requestTimeout: requestMs, headersTimeout: requestMs, connectionsCheckingInterval: requestMs / 2 }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function closeServer(server: Server, clock: Clock): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const done = new AbortController()
  await Promise.race([closed, clock.sleep(LAST_ANSWERS_MS, done.signal)])
  done.abort()
  server.closeAllConnections()
  await closed
}
