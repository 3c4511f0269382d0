import { Readable } from 'node:stream'
import type { Dispatcher, request } from 'undici'
import type { Clock } from '../lib/clock.ts'
import { formatDuration } from '../lib/duration.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import { unanswered } from '../model/failure.ts'
import { ProviderError } from './provider.ts'
import { assertSecure, isLoopback } from './secure-origin.ts'
import { type Transport, type TransportRequest, type TransportResponse } from './transport.ts'

/** Options of a transport. */
export interface TransportOptions {
  /** The only origin that requests may go to, such as `https://api.openai.com`; a whole base URL is fine too. */
  readonly apiOrigin: string
  readonly clock: Clock
  /**
   * Longest silence while connecting, sending, and between two pieces of an answer. A transfer that moves is not given
   * up, however long it takes; one that only drips is: an answer has this time and a second for each kilobyte. Kept to
   * within about a second.
   */
  readonly idleTimeoutMs: number
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read, in either case. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Accepts plain http for other hosts than this machine. @default false */
  readonly isHttpAllowed?: boolean
}

/** No line that is in use is slower than this; a server that is keeps its client waiting on purpose, or is broken. */
const SLOWEST_BYTES_PER_MS = 1

/** Bytes handed to the socket at once, so that a slow line shows progress often enough to count as alive. */
const SEND_BYTES = 64 * 1024

/**
 * The one way out to the network. Follows no redirect, repeats nothing, asks for no compression, and sends to one origin
 * only. Throws `LlmBatchError` where the origin is not secure or a proxy variable is not a URL.
 */
export function createTransport(options: TransportOptions): Transport {
  const base = new URL(options.apiOrigin)
  assertSecure(base, options.isHttpAllowed ?? false)
  const proxies = proxiesFor(base, options.environment)
  let shared: Promise<Connections> | undefined
  return {
    async send(request, signal) {
      if (request.url.origin !== base.origin && !isAllowedElsewhere(request, base))
        throw failed(request, 'unreached', 'another origin than the configured one')
      if (request.totalTimeoutMs === undefined) {
        shared ??= openConnections(proxies, options)
        return await exchange(request, await shared, signal, options)
      }
      const own = await openConnections(proxies, options)
      const limit = new AbortController()
      const watched = AbortSignal.any([signal, limit.signal])
      const end = new AbortController()
      const lateness = new Error(`no complete answer within ${formatDuration(request.totalTimeoutMs)}`)
      void options.clock.sleep(request.totalTimeoutMs, end.signal).then(() => limit.abort(lateness))
      const release = (): void => {
        end.abort()
        void own.dispatcher.destroy()
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

/**
 * True for a store that the API names, where nothing could see what it should not: it is encrypted, or on this machine like
 * the API itself, and no call of another server is led to this machine.
 */
function isAllowedElsewhere({ isElsewhere, url }: TransportRequest, base: URL): boolean {
  if (isElsewhere !== true) return false
  return isLoopback(base) ? isLoopback(url) : url.protocol === 'https:' && !isLoopback(url)
}

/** URLs of the proxies that requests go through; empty for directly. */
interface Proxies {
  readonly httpProxy: string
  readonly httpsProxy: string
  readonly noProxy: string
}

/** The proxies that the environment names; null where none may be used. Throws for one that is not a URL. */
function proxiesFor(base: URL, environment: TransportOptions['environment']): Proxies | null {
  // A proxy on the way to this machine would carry the key over the network in clear text.
  if (isLoopback(base)) return null
  const variable = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? ''
  const [httpProxy, httpsProxy] = [variable('HTTP_PROXY'), variable('HTTPS_PROXY')]
  if (![httpProxy, httpsProxy].every((url) => url === '' || isProxyUrl(url))) {
    throw new LlmBatchError('configuration', 'HTTP_PROXY or HTTPS_PROXY is not a usable proxy URL', {
      next: 'Write it like http://proxy.example:3128, or unset it.',
    })
  }
  return { httpProxy, httpsProxy, noProxy: variable('NO_PROXY') }
}

/** Schemes that undici can reach a proxy by. */
const PROXY_SCHEMES: readonly string[] = ['http:', 'https:', 'socks5:', 'socks:']

/** False also for `localhost:3128`, which is a URL of the scheme `localhost:`. */
function isProxyUrl(url: string): boolean {
  return URL.canParse(url) && PROXY_SCHEMES.includes(new URL(url).protocol)
}

/** A pool of connections, and what sends through it. */
interface Connections {
  readonly dispatcher: Dispatcher
  readonly send: typeof request
}

/** The HTTP client is loaded when something is first sent: commands that only read a home start a seventh sooner. */
async function openConnections(
  proxies: Proxies | null,
  { idleTimeoutMs }: Pick<TransportOptions, 'idleTimeoutMs'>,
): Promise<Connections> {
  const { Agent, EnvHttpProxyAgent, request: send } = await import('undici')
  const settings = { connect: { timeout: idleTimeoutMs } }
  // Empty text, unlike undefined, keeps undici from reading the process environment by itself.
  const dispatcher = proxies === null ? new Agent(settings) : new EnvHttpProxyAgent({ ...settings, ...proxies })
  return { dispatcher, send }
}

async function exchange(
  request: TransportRequest,
  { dispatcher: connections, send }: Connections,
  signal: AbortSignal,
  options: Pick<TransportOptions, 'idleTimeoutMs' | 'clock'>,
): Promise<TransportResponse> {
  const idleTimeoutMs = request.idleTimeoutMs ?? options.idleTimeoutMs
  let hasStarted = false
  const dispatcher = connections.compose(
    noticingStart(() => {
      hasStarted = true
    }),
  )
  try {
    const response = await send(request.url, {
      dispatcher,
      method: request.method,
      headers: headersOf(request),
      body: bodyOf(request),
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      signal,
      reset: request.totalTimeoutMs !== undefined,
    })
    const body = received(response.body, request, { ...options, idleTimeoutMs })
    return { status: response.statusCode, headers: flat(response.headers), body }
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

async function* received(
  body: AsyncIterable<Uint8Array>,
  request: TransportRequest,
  limit: Pick<TransportOptions, 'idleTimeoutMs' | 'clock'>,
): AsyncIterable<Uint8Array> {
  try {
    yield* notDripping(body, limit)
  } catch (error) {
    throw failed(request, 'transport', `the answer broke off: ${reasonOf(error)}`, error)
  }
}

/** Hands pieces on, and throws once they took longer than their bytes explain. What the reader takes does not count. */
async function* notDripping(
  body: AsyncIterable<Uint8Array>,
  { clock, idleTimeoutMs }: Pick<TransportOptions, 'idleTimeoutMs' | 'clock'>,
): AsyncIterable<Uint8Array> {
  let bytes = 0
  let waitedMs = 0
  let askedAt = clock.monotonic()
  for await (const piece of body) {
    bytes += piece.length
    waitedMs += clock.monotonic() - askedAt
    if (waitedMs > idleTimeoutMs + bytes / SLOWEST_BYTES_PER_MS)
      throw new Error(`it came too slowly, ${bytes} bytes within ${formatDuration(waitedMs)}`)
    yield piece
    askedAt = clock.monotonic()
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
