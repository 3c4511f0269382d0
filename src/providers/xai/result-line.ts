import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { findProblem } from '../error-text.ts'
import { plainAnswer } from '../openai-shape/plain-answer.ts'
import { parseLine, readBySchema } from '../openai-shape/result-line.ts'
import type { DecodedLine, Failure } from '../provider.ts'

/** The operation of a chat request, by which its answer is keyed. */
const CHAT_OPERATION = 'chat_get_completion'

/**
 * An entry of a batch's results: an id with a response, which is keyed by operation, or with an error, which is a bare text.
 * Undefined where it is not JSON or has no id as text. Never throws. The answer is brought into the shape of OpenAI's, so
 * that its outcome follows the same rules.
 */
export function decodeLine(line: string, endpoint: string, secrets: readonly string[]): DecodedLine | undefined {
  const value = parseLine(line)
  if (!isJsonObject(value)) return undefined
  const { batch_request_id: id, error } = value
  if (typeof id !== 'string' || id === '') return undefined
  const body = answerIn(value['response'])
  const problem = problemIn(error)
  const status = body === undefined ? statusIn(error) : 200
  const row = { custom_id: id, response: { status_code: status, body: body ?? null }, error: problem }
  return plainAnswer(endpoint, row) ?? readBySchema(row, endpoint, secrets)
}

/** The answer under the name of its operation, or as it is where it has none. */
function answerIn(response: unknown): JsonObject | undefined {
  if (!isJsonObject(response)) return undefined
  const [only, ...others] = Object.values(response)
  const keyed = response[CHAT_OPERATION] ?? (others.length === 0 ? only : undefined)
  return withThoughts(isJsonObject(keyed) ? keyed : response)
}

/** Thoughts are billed as output, and xAI counts them beside the tokens of the answer, not among them. */
function withThoughts(body: JsonObject): JsonObject {
  const { usage } = body
  const details = isJsonObject(usage) ? usage['completion_tokens_details'] : undefined
  const thoughts = isJsonObject(details) ? details['reasoning_tokens'] : undefined
  if (!isJsonObject(usage) || typeof thoughts !== 'number') return body
  const said = usage['completion_tokens']
  return { ...body, usage: { ...usage, completion_tokens: (typeof said === 'number' ? said : 0) + thoughts } }
}

/** A text tells no code, and a row needs one. */
function problemIn(error: unknown): JsonObject | null {
  const problem = findProblem(error)
  return problem === undefined ? null : { code: problem.code ?? 'row_error', message: problem.message }
}

/** Only errors that were answers to synchronous calls tell their HTTP status. */
function statusIn(error: unknown): unknown {
  return isJsonObject(error) ? (error['status'] ?? null) : null
}

/** The entry of a synchronous answer, as text on one line. */
export function answeredLine(wireId: string, json: string): string {
  const answer = json.trim().replace(/[\r\n]+/g, ' ')
  return `{"batch_request_id":${JSON.stringify(wireId)},"response":{"${CHAT_OPERATION}":${answer}}}`
}

/** The entry of a synchronous call that the API refuses. */
export function refusedLine(wireId: string, { code, message, status }: Failure): string {
  return JSON.stringify({ batch_request_id: wireId, error: { status, code: stringOf(code) ?? null, message } })
}
