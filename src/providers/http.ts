import { Readable } from 'node:stream'
import { Agent, type Dispatcher, EnvHttpProxyAgent, request as sendRequest } from 'undici'
import type { Clock } from '../lib/clock.ts'
import { formatDuration } from '../lib/duration.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { unanswered } from './failure.ts'
import { ProviderError, type Transport, type TransportRequest, type TransportResponse } from './provider.ts'
import { assertSecure, isLoopback } from './secure-origin.ts'

/** What a transport is made with. */
export interface TransportOptions {
  /** The only origin that requests may go to, such as `https://api.openai.com`; a whole base URL is fine too. */
  readonly apiOrigin: string
  readonly clock: Clock
  /**
   * Longest silence while connecting, sending, and between two pieces of an answer. A transfer that moves is never
   * given up, however long it takes. Kept to within about a second.
   */
  readonly idleTimeoutMs: number
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read, in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Accepts plain http for other hosts than this machine. @default false */
  readonly isHttpAllowed?: boolean
}

/** Bytes handed to the socket at once, so that a slow line shows progress often enough to count as alive. */
const SEND_BYTES = 64 * 1024

/**
 * The one way out to the network. Follows no redirect, repeats nothing, asks for no compression, and sends to one origin
 * only. Throws `LlmBatchError` where the origin is not secure or a proxy variable is not a URL.
 */
export function createTransport(options: TransportOptions): Transport {
  const base = new URL(options.apiOrigin)
  assertSecure(base, options.isHttpAllowed ?? false)
  const shared = openConnections(base, options)
  return {
    async send(request, signal) {
      if (request.url.origin !== base.origin)
        throw failed(request, 'unreached', 'another origin than the configured one')
      if (request.totalTimeoutMs === undefined) return exchange(request, shared, signal, options)
      const own = openConnections(base, options)
      const limit = new AbortController()
      const watched = AbortSignal.any([signal, limit.signal])
      const end = new AbortController()
      const lateness = new Error(`no complete answer within ${formatDuration(request.totalTimeoutMs)}`)
      void options.clock.sleep(request.totalTimeoutMs, end.signal).then(() => limit.abort(lateness))
      const release = (): void => {
        end.abort()
        void own.destroy()
      }
      try {
        const response = await exchange(request, own, watched, options)
        return { ...response, body: finallyCall(response.body, release) }
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

function openConnections(base: URL, options: TransportOptions): Dispatcher {
  const settings = { connect: { timeout: options.idleTimeoutMs } }
  // A proxy on the way to this machine would carry the key over the network in clear text.
  if (isLoopback(base)) return new Agent(settings)
  const variable = (name: string): string => options.environment[name.toLowerCase()] ?? options.environment[name] ?? ''
  const [httpProxy, httpsProxy] = [variable('HTTP_PROXY'), variable('HTTPS_PROXY')]
  try {
    // Empty text, unlike undefined, keeps undici from reading the process environment by itself.
    return new EnvHttpProxyAgent({ ...settings, httpProxy, httpsProxy, noProxy: variable('NO_PROXY') })
  } catch (error) {
    throw new LlmBatchError('configuration', 'HTTP_PROXY or HTTPS_PROXY is not a usable proxy URL', {
      next: 'Write it like http://proxy.example:3128, or unset it.',
      cause: error,
    })
  }
}

async function exchange(
  request: TransportRequest,
  connections: Dispatcher,
  signal: AbortSignal,
  options: Pick<TransportOptions, 'idleTimeoutMs'>,
): Promise<TransportResponse> {
  const idleTimeoutMs = request.idleTimeoutMs ?? options.idleTimeoutMs
  let hasStarted = false
  const dispatcher = connections.compose(
    noticingStart(() => {
      hasStarted = true
    }),
  )
  try {
    const response = await sendRequest(request.url, {
      dispatcher,
      method: request.method,
      headers: headersOf(request),
      body: bodyOf(request),
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      signal,
      reset: request.totalTimeoutMs !== undefined,
    })
    return { status: response.statusCode, headers: flat(response.headers), body: received(response.body, request) }
  } catch (error) {
    // Nothing is written before the connection stands, so only then can the other side have seen anything.
    throw failed(request, hasStarted ? 'transport' : 'unreached', reasonOf(error), error)
  }
}

/** Calls back at the moment when a request is about to be written to an established connection. */
function noticingStart(onStart: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        onStart()
        handler.onRequestStart?.(controller, context)
      },
      onRequestUpgrade: (...values) => handler.onRequestUpgrade?.(...values),
      onResponseStart: (...values) => handler.onResponseStart?.(...values),
      onResponseData: (...values) => handler.onResponseData?.(...values),
      onResponseEnd: (...values) => handler.onResponseEnd?.(...values),
      onResponseError: (...values) => handler.onResponseError?.(...values),
    })
}

function headersOf(request: TransportRequest): Record<string, string> {
  const length = typeof request.body === 'object' ? { 'content-length': String(request.body.bytes) } : {}
  return { ...request.headers, 'accept-encoding': 'identity', ...length }
}

function bodyOf(request: TransportRequest): string | Readable | null {
  if (request.body === undefined || typeof request.body === 'string') return request.body ?? null
  return Readable.from(inSlices(request.body.stream), { objectMode: false, highWaterMark: SEND_BYTES })
}

async function* inSlices(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += SEND_BYTES) yield piece.subarray(at, at + SEND_BYTES)
  }
}

async function* received(body: AsyncIterable<Uint8Array>, request: TransportRequest): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw failed(request, 'transport', `the answer broke off: ${reasonOf(error)}`, error)
  }
}

async function* finallyCall(body: AsyncIterable<Uint8Array>, release: () => void): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } finally {
    release()
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const named = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(named)
}

function failed(
  request: TransportRequest,
  kind: 'unreached' | 'transport',
  reason: string,
  cause?: unknown,
): ProviderError {
  const message = `${request.method} ${request.url.origin}${request.url.pathname}: ${reason}`
  return new ProviderError(unanswered(kind, message), cause)
}

function reasonOf(error: unknown): string {
  // Failures of several addresses come as one error without a text of its own.
  const message = messageOf(error)
  const code = (error as { readonly code?: unknown } | null)?.code
  if (typeof code !== 'string' || message.includes(code)) return message
  return message === '' ? code : `${message} (${code})`
}
