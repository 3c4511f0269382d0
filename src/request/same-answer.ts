import { jsonMembers } from '../lib/json-members.ts'
import type { Target } from '../model/target.ts'

/** Endpoints that answer the same question with the same answer. */
const FIXED_ENDPOINTS: readonly string[] = [
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/chat/moderations',
  '/v1/classifications',
  '/v1/chat/classifications',
]

/**
 * True where a request that is sent twice is meant to be answered alike, so that paying for it once is enough: at
 * endpoints that draw nothing at random, and where the body says a temperature of 0.
 */
export function isAnsweredAlike({ body, target }: { readonly target: Target; readonly body: string }): boolean {
  if (FIXED_ENDPOINTS.includes(target.endpoint)) return true
  // Most bodies have none, and looking closer costs more.
  if (!body.includes('"temperature"')) return false
  const temperature = jsonMembers(body).get('temperature')
  if (!temperature) return false
  const text = body.slice(temperature.start, temperature.end)
  return /^[-\d]/.test(text) && Number(text) === 0
}
