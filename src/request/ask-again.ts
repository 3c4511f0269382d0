import { jsonMembers } from '../lib/json-members.ts'
import type { Target } from '../model/target.ts'
import { mostOutputTokens } from './most-output.ts'

/** Half of a pair, which a model may have written and for which providers refuse the whole file. */
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Options of asking a question again. */
export interface AskAgainOptions {
  readonly target: Target
  /** The invalid answer; null where its text is not known any more. */
  readonly answer: string | null
  /** What is wrong with it. */
  readonly flaw: string | null
  /** Bytes by which the body may grow. */
  readonly room: number
}

/**
 * A body with two messages put after its own: the invalid answer, and what is wrong with it. Nothing
 * else of the body is touched, byte for byte. Where the body would grow too long, the answer is left out; a body that takes
 * no messages is asked again as it is.
 */
export function askAgain(
  body: string,
  { answer, flaw, room, target }: AskAgainOptions,
): { readonly body: string; readonly mostOutputTokens: number | null } {
  const candidates = [answer === null ? null : withTurn(body, target, answer, flaw), withTurn(body, target, null, flaw)]
  const fitting = candidates.find(
    (candidate) => candidate !== null && Buffer.byteLength(candidate) - Buffer.byteLength(body) <= room,
  )
  const parsed = JSON.parse(body) as Readonly<Record<string, unknown>>
  return { body: fitting ?? body, mostOutputTokens: mostOutputTokens(parsed, target) }
}

/** Null where the body has no list of messages to add to. */
function withTurn(body: string, { endpoint }: AskAgainOptions['target'], answer: string | null, flaw: string | null) {
  const place = jsonMembers(body).get(endpoint.endsWith('/responses') ? 'input' : 'messages')
  if (!place) return null
  const value = body.slice(place.start, place.end)
  const messages = messagesOf(value)
  if (messages === null) return null
  const added = [
    ...(answer === null ? [] : [{ role: 'assistant', content: answer }]),
    { role: 'user', content: correction(flaw) },
  ].map(({ content, role }) => JSON.stringify({ role, content: content.replace(LONE_SURROGATE, '\uFFFD') }))
  const all = `[${[...(messages === '' ? [] : [messages]), ...added].join(',')}]`
  return body.slice(0, place.start) + all + body.slice(place.end)
}

/** What stands between the brackets of a list of messages; a bare text is the first message of one. */
function messagesOf(value: string): string | null {
  if (value.startsWith('"')) return `{"role":"user","content":${value}}`
  return value.startsWith('[') ? value.slice(1, -1).trim() : null
}

function correction(flaw: string | null): string {
  const what = flaw === null ? '' : `: ${flaw}`
  return `That answer cannot be used${what}. Answer the question again, with valid JSON of the form asked for and nothing else.`
}
