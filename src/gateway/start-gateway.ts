import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { errorShapeOf } from '../calls/call-replies.ts'
import { VARIABLES } from '../config/variables.ts'
import type { Clock } from '../lib/clock.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Gateway } from './gateway.ts'
import { buildGatewayApp } from './http/app.ts'

/** Options of serving a gateway. */
export interface ServeGatewayOptions {
  /** 0 for any that is free. */
  readonly port: number
  /** An address of this machine; another one than loopback needs a token. */
  readonly address: string
  readonly token: string | null
  /** How long a connection is held at most for an answer. */
  readonly holdMs: number
  /** True where calls that batches do not take go to the provider as they are, with the gateway's own key. */
  readonly isPassing: boolean
  /** What no answer may show; may grow. */
  readonly secrets: readonly string[]
  /** Told of what is a bug of ours. */
  readonly onTrouble: (error: unknown) => void
}

/** A gateway that answers. */
export interface ServedGateway {
  /** Without a path. */
  readonly url: string
  /** Answers what is held with 503, and takes no more. The runs are the caller's to close. */
  close(): Promise<void>
}

/** Addresses that only programs of this machine reach. */
const LOCAL_ADDRESSES: readonly string[] = ['127.0.0.1', '::1', 'localhost']

/** The most bytes of a body; longer than any line that providers take. */
const MOST_BYTES = 64 * 1024 * 1024

/** How long answers that are on their way may take when it is being stopped. */
const LAST_ANSWERS_MS = 2_000

/** Throws `usage` for an address that other machines reach where there is no token. */
export function assertGuarded({ address, token }: Pick<ServeGatewayOptions, 'address' | 'token'>): void {
  if (token !== null || LOCAL_ADDRESSES.includes(address)) return
  throw new LlmBatchError('usage', `${address} is an address that other machines reach, and there is no token`, {
    next: `Set ${VARIABLES.gatewayToken} to a long random text, which clients show as their key.`,
  })
}

/** Has a gateway listen. Throws as `assertGuarded` does. */
export async function serveGateway(gateway: Gateway, options: ServeGatewayOptions): Promise<ServedGateway> {
  assertGuarded(options)
  const { address } = options
  const { clock } = gateway.workspace
  const stopping = new AbortController()
  const shape = errorShapeOf(gateway.provider)
  const app = buildGatewayApp({
    ...options,
    gateway,
    clock,
    isLocal: LOCAL_ADDRESSES.includes(address),
    mostBytes: MOST_BYTES,
    shape,
    stopping: stopping.signal,
  })
  // The SDKs that a test drives in the same process must keep the platform's own Request and Response.
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer((request, response) => void listener(request, response))
  server.listen(options.port, address)
  await once(server, 'listening')
  return {
    url: urlOf(server.address() as AddressInfo),
    close: async () => {
      stopping.abort()
      await closeServer(server, clock)
    },
  }
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
