import { type ErrorCode, LlmBatchError, messageOf } from '../../model/error.ts'
import { inFlags } from '../../model/options/mention.ts'
import { ProviderError } from '../../providers/provider.ts'
import type { ApiError } from '../contract.ts'

/** A problem as the page is told it. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly next?: string
}

/** Statuses of our own errors; all others are the asker's. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  not_found: 404,
  busy: 503,
  unreachable: 503,
  disk: 500,
  provider: 502,
  conflict: 409,
}

/** Data as JSON. What it holds is data also where it looks like markup: the type says so, and the browser may not guess. */
export function json(value: unknown, status = 200): Response {
  return text(JSON.stringify(value), 'application/json; charset=utf-8', status)
}

/** A text of another type. */
export function text(body: string, type: string, status = 200): Response {
  return new Response(body, { status, headers: { 'content-type': type } })
}

export function refusal(told: Refusal): Response {
  return json(errorOf(told), told.status)
}

/** The same as data. */
export function errorOf({ code, message, next = '' }: Refusal): ApiError {
  return { error: { code, message, next } }
}

/** An error that was thrown, as the page is told it. What is a bug of ours is told to the terminal too. */
export function thrownError(error: unknown, onTrouble: (error: unknown) => void): Response {
  const told = toldError(error)
  if (told.code === 'bug') onTrouble(error)
  return refusal(told)
}

/** An error in words for people, and the status that goes with it. */
export function toldError(error: unknown): Refusal {
  if (LlmBatchError.isInstance(error)) {
    return { status: STATUSES[error.code] ?? 400, code: error.code, ...error.inWords(inFlags) }
  }
  if (error instanceof ProviderError) return { status: 502, code: 'provider', message: error.failure.message }
  return { status: 500, code: 'bug', message: messageOf(error) }
}
