import type { HttpAnswer, Message } from './exchange.ts'
import { nonceIn } from './nonce.ts'

/** A create as the client sent it, and when it knew what had come of it. */
export interface SentCreate {
  /** Rows that it asks for, by nonce; none where the input was uploaded before. */
  readonly rows: readonly string[]
  /** Its place among the steps of the world. */
  readonly sentAt: number
  /** The same of its answer; infinity where none came that tells anything. */
  answeredAt: number
}

/** The create in a call that holds its requests. */
export function sentCreate({ body }: Message, sentAt: number): SentCreate {
  const requests = Buffer.from(body ?? [])
    .toString()
    .split('"custom_id"')
    .slice(1)
  return { rows: requests.map(nonceIn), sentAt, answeredAt: Number.POSITIVE_INFINITY }
}

/** Refusals in the words of the API prove that nothing was made. */
const REFUSALS: readonly number[] = [400, 401, 403, 404, 413, 422, 429]

/** True for an end after which it is known what a create has made: a batch, or nothing. */
export function isTelling(end: HttpAnswer | 'unreached'): boolean {
  if (end === 'unreached') return true
  const text = Buffer.from(end.body).toString()
  const isWhole = text.startsWith('{') && text.endsWith('}')
  if (end.status !== 200) return isWhole && REFUSALS.includes(end.status)
  return isWhole && /^\{(?=.*"id":)(?=.*"type":"message_batch")/.test(text)
}
