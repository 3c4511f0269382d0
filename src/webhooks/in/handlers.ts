import type { IncomingMessage, ServerResponse } from 'node:http'
import { LlmBatchError } from '../../model/error.ts'
import { readBody } from './read-body.ts'
import { MOST_BYTES, type ReceiverParts, WebhookReceiver } from './receiver.ts'

/** Ways into a receiver of webhooks. */
export interface WebhookHandlers {
  /** Answers a request of the web's own types: a route of Hono, a route handler of Next, `Deno.serve`, a worker. */
  readonly handle: (request: Request) => Promise<Response>
  /** Answers a request of Node's server: `node:http` itself, Connect, Express, before anything has parsed the body. */
  readonly listen: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/** The handlers of a receiver with these parts. */
export function webhookHandlers(parts: ReceiverParts): WebhookHandlers {
  const receiver = new WebhookReceiver(parts)
  return {
    handle: async (request) => {
      const body = request.method === 'POST' && request.body ? await readBody(request.body, MOST_BYTES) : undefined
      return new Response(null, { status: await receiver.receive(request.headers, body) })
    },
    listen: async (request, response) => {
      const body = request.method === 'POST' ? await rawBody(request, parts) : undefined
      const status = body === 'lost' ? 500 : await receiver.receive(headersOf(request), body)
      // What is left of a body that is too large is not read.
      response.writeHead(status, body === undefined ? { connection: 'close' } : {})
      response.end()
    },
  }
}

/** A request as frameworks extend it. */
interface ParsedRequest extends IncomingMessage {
  /** What a parser made of the body; the bytes themselves where the parser was `express.raw`. */
  readonly body?: unknown
}

/** The bytes as they came; `lost` where something has read them before and kept none. */
async function rawBody(request: ParsedRequest, { onTrouble }: ReceiverParts): Promise<Uint8Array | undefined | 'lost'> {
  const { body } = request
  if (body instanceof Uint8Array) return body.byteLength > MOST_BYTES ? undefined : body
  if (!request.readableDidRead) return await readBody(request, MOST_BYTES)
  const message = 'the body of a webhook was parsed before its signature could be checked'
  onTrouble(
    new LlmBatchError('usage', message, {
      next: 'Mount the handler before express.json(), or behind express.raw({ type: () => true }).',
    }),
  )
  return 'lost'
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  return headers
}
