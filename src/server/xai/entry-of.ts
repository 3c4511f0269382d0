import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import type { Reported } from '../dialect.ts'

/** The member of a kept line for a request that was never executed; no answer of the API has it. */
export const NEVER = 'never'

/** What the API says of one request: an answer under its operation, or an error, which is a bare text. */
export function entryOf(reported: Reported): JsonObject {
  if ('code' in reported) return { [NEVER]: reported.code }
  if (reported.status === 200) return { response: { chat_get_completion: reported.body } }
  const { error } = reported.body as JsonObject
  return { error: (isJsonObject(error) ? stringOf(error['message']) : undefined) ?? `Status ${reported.status}` }
}
