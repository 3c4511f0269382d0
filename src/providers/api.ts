import type { z } from 'zod'
import { backoffMs } from '../lib/backoff.ts'
import { LlmBatchError } from '../model/error.ts'
import { type FailureContext, failureOf, shapeFailure } from './failure.ts'
import { maskedBytes, maskSecrets } from './mask.ts'
import { type FailureKind, type PassedRequest, ProviderError, type ProviderOptions } from './provider.ts'
import { secretsOf } from './secrets.ts'
import { type TransportRequest, type TransportResponse } from './transport.ts'

/** Request of `Api.send`; the path begins with a slash and lies below the API root. */
export interface ApiRequest extends Pick<TransportRequest, 'method' | 'body' | 'totalTimeoutMs' | 'idleTimeoutMs'> {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly contentType?: string
  /** Further headers of this call alone. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls to one API root with one key. Every call throws `ProviderError` for anything but the API's own answer. */
export interface Api {
  /** A JSON answer to a GET. A lost, broken or 5xx answer is asked for twice more before it counts as failed. */
  read<Value>(request: Omit<ApiRequest, 'method'>, schema: z.ZodType<Value>, signal: AbortSignal): Promise<Value>
  /** The same, with the bytes that the answer had and the time of the server's clock, null where it does not tell it. */
  readSized<Value>(
    request: Omit<ApiRequest, 'method'>,
    schema: z.ZodType<Value>,
    signal: AbortSignal,
  ): Promise<{ readonly value: Value; readonly bytes: number; readonly at: Date | null }>
  /** A JSON answer to one single attempt. */
  send<Value>(request: ApiRequest, schema: z.ZodType<Value>, signal: AbortSignal): Promise<Value>
  /** The text of a JSON answer to one single attempt, as it came. */
  sendForText(request: ApiRequest, signal: AbortSignal): Promise<string>
  /** The text of a JSON answer to a GET, as it came; repeated like `read`. */
  readForText(request: Omit<ApiRequest, 'method'>, signal: AbortSignal): Promise<string>
  /** A successful answer to one single attempt, with its body still to be read. */
  exchange(request: ApiRequest, signal: AbortSignal): Promise<TransportResponse>
  /**
   * Whatever is answered to a call that is passed on, in one single attempt, secrets masked in all of its bytes; redirects
   * are not followed.
   */
  pass(request: PassedRequest, signal: AbortSignal): Promise<TransportResponse>
  /** The answer to one single attempt that is to be a redirect, which is not followed. Throws for any other answer. */
  sendForRedirect(request: ApiRequest, signal: AbortSignal): Promise<TransportResponse>
  /** Bytes for an address that the API has named, of whatever origin; without the key. One single attempt. */
  put(
    url: URL,
    body: { readonly bytes: number; readonly stream: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ): Promise<void>
  /** A successful answer to a GET with its body still to be read; repeated like `read` until it begins. */
  open(request: Omit<ApiRequest, 'method'>, signal: AbortSignal): Promise<TransportResponse>
  /** The failure of an answer that came but is not what the API answers here. */
  misshapen(request: Pick<ApiRequest, 'path'>, response: TransportResponse, what: string): ProviderError
}

/** Repeats of a failed read. */
const READ_REPEATS = 2
/** First wait before a read is repeated. */
const READ_RETRY_MS = 500
/** The longest JSON answer read; a page of 1,000 files is below 1 MB, one synchronous answer may be much longer. */
const LONGEST_JSON_BYTES = 64 * 1024 * 1024
/** As much of an error page as can matter. */
const LONGEST_ERROR_BYTES = 64 * 1024
/** Failures of a read that the next moment may mend. */
const PASSING: readonly FailureKind[] = ['unreached', 'transport', 'server', 'shape']

/** The key as OAuth's bearer token, as most APIs take it. */
export function bearer({ apiKey }: Pick<ProviderOptions, 'apiKey'>): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${apiKey}` }
}

/**
 * Binds root and headers, one of which holds the key and all of which go with every call. Throws `LlmBatchError` for a key
 * that cannot be a header.
 */
export function createApi(options: ProviderOptions, headers: Readonly<Record<string, string>>): Api {
  if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
    throw new LlmBatchError(
      'configuration',
      'the API key is empty or contains a space, a line break or another character that keys do not have',
      {
        next: 'Check the variable that holds it.',
      },
    )
  }
  const secrets = secretsOf(options)
  const context = (request: { readonly method?: string; readonly path: string }): FailureContext => ({
    call: `${request.method ?? 'GET'} ${request.path}`,
    secrets,
    nowMs: options.clock.now(),
    retryAfterMostMs: options.retryAfterMostMs,
  })

  const exchange = async (
    request: ApiRequest,
    signal: AbortSignal,
    isWanted = isSuccess,
  ): Promise<TransportResponse> => {
    const response = await options.transport.send(
      {
        method: request.method,
        url: urlOf(options.baseUrl, request),
        headers: {
          accept: 'application/json',
          'user-agent': 'llm-batch',
          ...headers,
          ...request.headers,
          ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.totalTimeoutMs === undefined ? {} : { totalTimeoutMs: request.totalTimeoutMs }),
        ...(request.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: request.idleTimeoutMs }),
      },
      signal,
    )
    if (isWanted(response)) return response
    const { text } = await readText(response.body, LONGEST_ERROR_BYTES)
    throw new ProviderError(failureOf(response, text, context(request)))
  }

  const put: Api['put'] = async (url, body, signal) => {
    const response = await options.transport.send(
      {
        method: 'PUT',
        url,
        headers: { 'user-agent': 'llm-batch', 'content-type': 'application/octet-stream' },
        body,
        isElsewhere: true,
      },
      signal,
    )
    const { text } = await readText(response.body, LONGEST_ERROR_BYTES)
    // The address is a secret for as long as it is signed: its query stays out of messages.
    if (!isSuccess(response)) {
      throw new ProviderError(failureOf(response, text, context({ method: 'PUT', path: url.origin + url.pathname })))
    }
  }

  const receive = async (request: ApiRequest, signal: AbortSignal) => {
    const response = await exchange(request, signal)
    const { bytes, isWhole, text } = await readText(response.body, LONGEST_JSON_BYTES)
    const refuse = (what: string): ProviderError => new ProviderError(shapeFailure(response, what, context(request)))
    if (!isWhole) throw refuse(`more than ${LONGEST_JSON_BYTES} bytes`)
    const value = parseJson(text, secrets)
    if (value === undefined)
      throw refuse(text.trim() === '' ? 'nothing' : `something other than JSON: ${text.slice(0, 200)}`)
    return { at: dateOf(response.headers), bytes, text, value, refuse }
  }

  const sendSized = async <Value>(request: ApiRequest, schema: z.ZodType<Value>, signal: AbortSignal) => {
    const { at, bytes, refuse, value } = await receive(request, signal)
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data, bytes, at }
    const issue = parsed.error.issues[0]
    throw refuse(`JSON of another shape: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }

  const repeated = async <Value>(call: () => Promise<Value>, signal: AbortSignal): Promise<Value> => {
    for (let count = 0; ; count += 1) {
      try {
        return await call()
      } catch (error) {
        const mayPass = error instanceof ProviderError && PASSING.includes(error.failure.kind)
        if (!mayPass || count >= READ_REPEATS || signal.aborted) throw error
        const backoff = { firstMs: options.readRetryMs ?? READ_RETRY_MS, factor: 4, mostMs: 10_000 }
        await options.clock.sleep(backoffMs(backoff, count, options.random.fraction()), signal)
      }
    }
  }

  const readSized: Api['readSized'] = (request, schema, signal) =>
    repeated(() => sendSized({ ...request, method: 'GET' }, schema, signal), signal)

  return {
    read: async (request, schema, signal) => (await readSized(request, schema, signal)).value,
    readSized,
    send: async (request, schema, signal) => (await sendSized(request, schema, signal)).value,
    readForText: async (request, signal) =>
      (await repeated(() => receive({ ...request, method: 'GET' }, signal), signal)).text,
    sendForText: async (request, signal) => (await receive(request, signal)).text,
    exchange: (request, signal) => exchange(request, signal),
    pass: async (request, signal) => {
      const response = await exchange(request, signal, () => true)
      return { ...response, body: maskedBytes(response.body, secrets) }
    },
    sendForRedirect: async (request, signal) => {
      const response = await exchange(request, signal, isRedirect)
      await readText(response.body, LONGEST_ERROR_BYTES)
      return response
    },
    put,
    open: (request, signal) => repeated(() => exchange({ ...request, method: 'GET' }, signal), signal),
    misshapen: (request, response, what) => new ProviderError(shapeFailure(response, what, context(request))),
  }
}

function isSuccess({ status }: Pick<TransportResponse, 'status'>): boolean {
  return status >= 200 && status <= 299
}

function isRedirect({ status }: Pick<TransportResponse, 'status'>): boolean {
  return status === 302 || status === 307
}

function dateOf({ date }: TransportResponse['headers']): Date | null {
  const at = Date.parse(date ?? '')
  return Number.isNaN(at) ? null : new Date(at)
}

function urlOf(baseUrl: string, request: ApiRequest): URL {
  const url = new URL(baseUrl + request.path)
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value)
  return url
}

/** The body as text, up to so many bytes; the rest is left unread and its connection closed. */
async function readText(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<{ text: string; bytes: number; isWhole: boolean }> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > mostBytes) break
  }
  const whole = Buffer.concat(pieces)
  return { text: whole.subarray(0, mostBytes).toString('utf8'), bytes, isWhole: bytes <= mostBytes }
}

/**
 * A JSON value in which every text that holds a secret has it masked: a batch whose id is the key then has no usable id,
 * and nothing of the key is kept as a name, an endpoint or a mark.
 */
function parseJson(text: string, secrets: readonly string[]): unknown {
  const clean = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? maskSecrets(value, secrets) : value
  try {
    return JSON.parse(text, clean)
  } catch {
    // Undefined is not a JSON value, so it tells "not JSON" apart; the caller reports the text itself.
    return undefined
  }
}
