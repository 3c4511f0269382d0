import { HOUR_MS } from '../lib/duration.ts'
import { isJsonObject } from '../lib/json.ts'
import { unanswered } from '../model/failure.ts'
import { cleanOrNull, cleanText, findProblem } from './error-text.ts'
import { type Failure, type FailureKind, NotCreated, ProviderError, Unknown } from './provider.ts'
import { type TransportResponse } from './transport.ts'

/** Facts for a failure's message. */
export interface FailureContext {
  /** The call, such as `GET /batches/batch_1`. */
  readonly call: string
  readonly secrets: readonly string[]
  /** Epoch milliseconds, for a `retry-after` that names an instant. */
  readonly nowMs: number
  /** The longest wait that the provider is granted. @default an hour */
  readonly retryAfterMostMs?: number | undefined
}

/** What a server may make us wait: some have asked for years, in milliseconds for seconds or out of spite. */
const RETRY_AFTER_MOST_MS = HOUR_MS

/**
 * The failure that an answer with a status other than 2xx stands for. A 4xx counts as the API's own only with a JSON
 * object that says something, so that a proxy's page never passes for "it does not exist".
 */
export function failureOf(response: TransportResponse, body: string, context: FailureContext): Failure {
  const problem = findProblem(jsonObject(body))
  const kind = kindOf(response.status, problem !== undefined)
  const text = cleanText(problem?.message ?? redirection(response) ?? body, context.secrets)
  return {
    kind,
    message: `${context.call} was answered with ${response.status}${text === '' ? '' : `: ${text}`}`,
    status: response.status,
    code: cleanOrNull(problem?.code ?? null, context.secrets),
    requestId: requestIdOf(response.headers, context.secrets),
    retryAfterMs: retryAfterMs(response.headers, context.nowMs, context.retryAfterMostMs),
  }
}

/** An answer with status 200 that is not what the API answers here. */
export function shapeFailure(response: TransportResponse, what: string, context: FailureContext): Failure {
  return {
    kind: 'shape',
    message: `${context.call} was answered with ${cleanText(what, context.secrets)}`,
    status: response.status,
    code: null,
    requestId: requestIdOf(response.headers, context.secrets),
    retryAfterMs: null,
  }
}

/** The failure kind of an HTTP status; `isApiShaped` tells whether the body was the API's own JSON error. */
export function kindOf(status: number, isApiShaped: boolean): FailureKind {
  if (status === 429) return 'throttled'
  if (status === 408 || status === 409 || status >= 500) return 'server'
  if (!isApiShaped || status < 400) return 'shape'
  if (status === 401) return 'unauthorised'
  if (status === 403 || status === 402) return 'forbidden'
  return status === 404 ? 'absent' : 'refused'
}

/**
 * What a failed create means for the batch: certainly none (`NotCreated`), or perhaps one (`Unknown`). Anything
 * unexpected counts as perhaps, because a batch that is created twice is paid twice.
 */
export function creationError(error: unknown): NotCreated | Unknown {
  if (error instanceof ProviderError) {
    return isProofOfNothing(error.failure.kind)
      ? new NotCreated(error.failure, error)
      : new Unknown(error.failure, error)
  }
  const message = `create ended with an unexpected error: ${error instanceof Error ? error.message : String(error)}`
  return new Unknown(unanswered('transport', message), error)
}

function isProofOfNothing(kind: FailureKind): boolean {
  switch (kind) {
    case 'unreached':
    case 'unauthorised':
    case 'forbidden':
    case 'absent':
    case 'too_large':
    case 'refused':
      return true
    case 'transport':
    case 'throttled':
    case 'server':
    case 'shape':
      return false
  }
}

/**
 * Milliseconds that the provider asks to wait, at most `mostMs`: `retry-after-ms`, or `retry-after` in seconds or as a
 * date. Null where it asks for nothing that can be read.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string>>,
  nowMs: number,
  mostMs = RETRY_AFTER_MOST_MS,
): number | null {
  const askedMs = askedWaitMs(headers, nowMs)
  return askedMs === null ? null : Math.min(askedMs, mostMs)
}

function askedWaitMs(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const exact = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (exact >= 0) return Math.round(exact)
  const text = headers['retry-after'] ?? ''
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return Math.round(Number(text) * 1_000)
  // Without a weekday's or a zone's letters it is not a date, though the parser would make one of `-5`.
  const instant = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant)) return null
  // The provider's own clock, where it shows it, is the one that its date was made with.
  const theirNow = Date.parse(headers['date'] ?? '')
  return Math.max(0, instant - (Number.isNaN(theirNow) ? nowMs : theirNow))
}

function requestIdOf(headers: Readonly<Record<string, string>>, secrets: readonly string[]): string | null {
  return cleanOrNull(
    headers['x-request-id'] ?? headers['request-id'] ?? headers['mistral-correlation-id'] ?? null,
    secrets,
  )
}

function redirection(response: TransportResponse): string | undefined {
  const location = response.headers['location']
  if (response.status < 300 || response.status > 399 || location === undefined) return undefined
  return `a redirect to ${location}, which llm-batch does not follow, because the key could go to another server`
}

function jsonObject(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Not JSON is an answer too: the caller treats it as no error of the API's own.
    return undefined
  }
}
