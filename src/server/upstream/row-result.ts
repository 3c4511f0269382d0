import type { JsonObject } from '../../lib/json.ts'
import type { RowResult } from '../simulate/execute-row.ts'
import { usageIn } from '../simulate/given-answer.ts'
import { nonceOf, promptOf, tokensOf } from '../simulate/prompt.ts'
import type { JournalResult } from './journal.ts'

/** What is said of a request whose end no journal knows. */
export const UNKNOWN_FATE =
  'The local server stopped while this request was on its way; whether the model has answered it is not known.'

/** The answer to a request as its journal keeps it. */
export function answerEnd(request: JsonObject, status: number, body: JsonObject): JournalResult {
  return { status, body, nonce: nonceOf(request, promptOf(request)) }
}

/** The result of a row, from the end that its journal tells. */
export function resultOf(end: JournalResult): RowResult {
  if ('message' in end) return { fate: 'uncertain', message: end.message, billed: null }
  const { body, nonce, status } = end
  return { fate: 'answered', status, body, billed: status === 200 ? { nonce, ...usageOf(body) } : null }
}

/** What the answer says that it used, else an estimate of the answer alone. */
function usageOf(body: JsonObject): { readonly inputTokens: number; readonly outputTokens: number } {
  return usageIn(body) ?? { inputTokens: 0, outputTokens: tokensOf(JSON.stringify(body)) }
}
