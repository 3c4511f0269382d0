import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import type { buildApp } from '../../src/server/http/app.ts'

/** An HTTP request as bytes. */
export interface Message {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | null
}

/** An HTTP answer as bytes. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** The connection between one call and the server, as far as the server looks at it. */
export class Line extends EventEmitter {
  destroyed = false

  /** The server breaks the connection off. */
  resetAndDestroy(): void {
    this.destroy()
  }

  /** Either side ends the connection; nothing is answered any more. */
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }

  /** The server ends the connection in good order; what was answered so far arrives. */
  end(): void {
    this.emit('end')
  }
}

/** Calls the server's application without a socket. Null where the server broke the connection off. */
export async function call(app: ReturnType<typeof buildApp>, message: Message, line: Line): Promise<HttpAnswer | null> {
  const headers: Record<string, string> = { ...message.headers, host: message.url.host }
  const hasJson = message.body !== null && headers['content-type'] === 'application/json'
  const gone = new AbortController()
  line.once('close', () => gone.abort())
  const request = new Request(message.url, {
    method: message.method,
    headers,
    signal: gone.signal,
    ...(hasJson && message.body ? { body: Buffer.from(message.body) } : {}),
  })
  const incoming = Object.assign(Readable.from(message.body === null ? [] : [Buffer.from(message.body)]), {
    headers,
    socket: line,
  })
  // The server reads its bindings as node:http's; these have the parts that it touches.
  const response = await app.fetch(request, { incoming, outgoing: {} })
  if (line.destroyed) return null
  const body = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, headers: Object.fromEntries(response.headers), body }
}
