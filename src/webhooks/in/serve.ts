import { Hono } from 'hono'
import type { Clock } from '../../lib/clock.ts'
import { type HttpListener, listenForHttp } from '../../lib/http/listener.ts'
import type { WebhookHandlers } from './handlers.ts'

/** Options of a server of webhooks. */
export interface ServeWebhooksOptions {
  /** 0 for any that is free. */
  readonly port: number
  readonly address: string
  /** The one path that is listened at, such as `/webhooks`. */
  readonly path: string
}

/** A sender that takes longer with its few hundred bytes is cut off. */
const REQUEST_MS = 20_000

/** Has handlers listen on a port. Every other path is answered as a request without a signature is. */
export async function serveWebhooks(
  { handle }: Pick<WebhookHandlers, 'handle'>,
  clock: Clock,
  { address, path, port }: ServeWebhooksOptions,
): Promise<HttpListener> {
  const app = new Hono()
  app.all(path, (context) => handle(context.req.raw))
  app.all('*', () => new Response(null, { status: 401 }))
  return await listenForHttp((request) => app.fetch(request), { address, clock, port, requestMs: REQUEST_MS })
}
