import { isJsonObject } from '../lib/json.ts'
import { plainLine, plainText } from '../lib/plain-text.ts'
import { MASK, maskSecrets } from './mask.ts'

/** Longest text of a provider that is kept, in characters. */
const LONGEST_TEXT = 500
/** Error objects nest at most this deep in any answer seen so far, with room to spare. */
const DEEPEST = 6

/** Problem as a provider describes it, in whatever shape; neither part is cleaned yet. */
export interface ProviderProblem {
  readonly code: string | null
  readonly message: string
}

/**
 * Finds code and message in an error of any known shape: a string, a list, `message`, `detail` (text or a list of
 * `{ loc, msg }`), `errors`, `error`, `error.error`, or a message that is an object again. Undefined where nothing
 * says anything, such as null, `{}` or `{ "code": null, "message": null }`.
 */
export function findProblem(value: unknown, depth = 0): ProviderProblem | undefined {
  if (depth > DEEPEST) return undefined
  if (typeof value === 'string') return value.trim() === '' ? undefined : { code: null, message: value }
  if (Array.isArray(value)) return problemOfList(value, depth)
  if (!isJsonObject(value)) return undefined
  const code = detailCode(value['details']) ?? codeOf(value['code']) ?? codeOf(value['type'])
  for (const name of ['error', 'message', 'detail', 'msg', 'errors']) {
    const inner = findProblem(value[name], depth + 1)
    if (inner) return { code: inner.code ?? code, message: placed(value['loc'], inner.message) }
  }
  const ownCode = codeOf(value['code'])
  return ownCode === null ? undefined : { code: ownCode, message: ownCode }
}

function problemOfList(list: readonly unknown[], depth: number): ProviderProblem | undefined {
  const problems = list.slice(0, 5).flatMap((item) => findProblem(item, depth + 1) ?? [])
  const first = problems[0]
  return first && { code: first.code, message: problems.map((problem) => problem.message).join('; ') }
}

/** Anthropic's type of an error is that of a whole group; the word for this one stands in its details. */
function detailCode(details: unknown): string | null {
  return isJsonObject(details) ? codeOf(details['error_code']) : null
}

function codeOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

function placed(location: unknown, message: string): string {
  return Array.isArray(location) && location.length > 0 ? `${location.join('.')}: ${message}` : message
}

/**
 * A provider's text as it may be kept and shown: on one line, without control characters, secrets masked, and at most
 * 500 characters. Masked are the given secrets of eight characters or more, in any of the usual encodings, and anything
 * that looks like a key.
 */
export function cleanText(text: string, secrets: readonly string[]): string {
  // Cleaned before it is masked, so that no escape sequence inside a key hides it; cut last, so that no half remains.
  const clean = maskSecrets(plainText(text.slice(0, 64 * 1024)), secrets)
  return plainLine(clean.replace(/\b(?:sk|pk|rk)-[\w*.-]{6,}/g, MASK).replace(/\bBearer\s+\S+/gi, MASK), LONGEST_TEXT)
}

/** The same for a text that may be absent. */
export function cleanOrNull(text: string | null, secrets: readonly string[]): string | null {
  return text === null ? null : cleanText(text, secrets)
}
