import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { WebhookHandlers } from './handlers.ts'

/** Options of a server of webhooks. */
export interface ServeWebhooksOptions {
  /** 0 for any that is free. */
  readonly port: number
  readonly host: string
  /** The one path that is listened at, such as `/webhooks`. */
  readonly path: string
}

/** A server that takes webhooks. */
export interface ServedWebhooks {
  /** The address with its path. */
  readonly url: string
  close(): Promise<void>
}

/** A sender that takes longer with its few hundred bytes is cut off. */
const REQUEST_MS = 20_000

/** Has handlers listen on a port. Every other path is answered as a request without a signature is. */
export async function serveWebhooks(
  { handle }: Pick<WebhookHandlers, 'handle'>,
  { host, path, port }: ServeWebhooksOptions,
): Promise<ServedWebhooks> {
  const app = new Hono()
  app.all(path, (context) => handle(context.req.raw))
  app.all('*', () => new Response(null, { status: 401 }))
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: REQUEST_MS / 2 },
    (request, response) => void listener(request, response),
  )
  server.listen(port, host)
  await once(server, 'listening')
  const { address, family, port: actual } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}${path}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
