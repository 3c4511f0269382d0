import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts'
import { plainLine } from '../../lib/plain-text.ts'
import type { UpstreamReply } from './upstream.ts'

/**
 * Word of a reply about a request. `answered`: it has its answer, a refusal too. `refused`: it was certainly not executed,
 * and may be asked again after a while. `uncertain`: it may have been executed.
 */
export type Verdict =
  | Answered
  | {
      readonly kind: 'refused'
      readonly reason: string
      readonly waitMs: number | null
      /** The answer that stands when it is not asked again; null where nothing answered. */
      readonly answer: Answered | null
    }
  | { readonly kind: 'uncertain'; readonly reason: string }

interface Answered {
  readonly kind: 'answered'
  readonly status: number
  readonly body: JsonObject
}

/** As much of a page as helps a reader. */
const MOST_CHARACTERS = 300

/** Codes of a 429 that no waiting mends: the account is empty. */
const EMPTY_ACCOUNT = /insufficient_quota|billing/i

/** Judges a reply. Everything that does not prove the contrary may have been executed. */
export function verdictOf(reply: UpstreamReply): Verdict {
  if (reply.kind === 'unreached') return { kind: 'refused', reason: reply.reason, waitMs: null, answer: null }
  if (reply.kind === 'lost') return { kind: 'uncertain', reason: reply.reason }
  const { retryAfterMs, status, text } = reply
  const body = objectIn(text)
  const answer: Answered = { kind: 'answered', status, body: body ?? pageAsError(status, text) }
  if (status >= 200 && status <= 299) {
    if (body !== undefined) return { ...answer, status: 200 }
    return { kind: 'uncertain', reason: `its answer is not JSON: ${plainLine(text, MOST_CHARACTERS)}` }
  }
  const reason = `it answered with ${status}: ${plainLine(messageIn(body) ?? text, MOST_CHARACTERS)}`
  if (status === 429) {
    return EMPTY_ACCOUNT.test(codeIn(body)) ? answer : { kind: 'refused', reason, waitMs: retryAfterMs, answer }
  }
  // A model server says so while it loads or is full; the page of a gateway may follow a call that it had passed on.
  if (status === 503 && (retryAfterMs !== null || body !== undefined)) {
    return { kind: 'refused', reason, waitMs: retryAfterMs, answer }
  }
  return status === 408 || status >= 500 ? { kind: 'uncertain', reason } : answer
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Not JSON, or too deep: the caller decides what that means.
    return undefined
  }
}

function pageAsError(status: number, text: string): JsonObject {
  const message = `The server of the model answered with ${status}: ${plainLine(text, MOST_CHARACTERS)}`
  return { error: { message, type: 'upstream_error', code: null, param: null } }
}

function messageIn(body: JsonObject | undefined): string | undefined {
  const error = body?.['error']
  const message = isJsonObject(error) ? error['message'] : (error ?? body?.['message'])
  return typeof message === 'string' ? message : undefined
}

function codeIn(body: JsonObject | undefined): string {
  const error = body?.['error']
  return isJsonObject(error) ? `${String(error['code'])} ${String(error['type'])}` : ''
}
