import type { HttpAnswer, Message } from './exchange.ts'
import { nonceIn } from './nonce.ts'

/** A synchronous call as the client sent it, and what the client learnt of it. */
export interface SentCall {
  /** The row that it asks for. */
  readonly nonce: string
  /** In epoch milliseconds, on the clock of the world. */
  readonly sentAtMs: number
  /** In doubt until an answer comes that tells whether the call was executed. */
  end: 'in doubt' | 'not made' | 'refused' | 'answered'
}

/** The synchronous call in a message, before anything is known of its end. */
export function sentCall({ body }: Message, sentAtMs: number): SentCall {
  return { nonce: nonceIn(Buffer.from(body ?? []).toString()), sentAtMs, end: 'in doubt' }
}

/** Refusals after which the call was certainly not executed, and may be made again. */
const NOT_MADE: readonly number[] = [401, 403, 429]

/** Answers that leave open whether the call was executed: of a timeout, a conflict, or something in between. */
const UNCLEAR: readonly number[] = [408, 409, 425]

/** What an answer tells of a call, or a connection that was never made. */
export function endOfCall(answer: HttpAnswer | 'unreached'): SentCall['end'] {
  if (answer === 'unreached' || NOT_MADE.includes(answer.status)) return 'not made'
  if (answer.status >= 500 || UNCLEAR.includes(answer.status)) return 'in doubt'
  if (answer.status !== 200) return 'refused'
  return isWhole(answer) ? 'answered' : 'in doubt'
}

function isWhole({ body }: HttpAnswer): boolean {
  try {
    return typeof JSON.parse(Buffer.from(body).toString()) === 'object'
  } catch {
    return false
  }
}
