import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { sliceProperty } from '../../lib/json-slice.ts'
import { CHAT_ENDPOINT } from '../../model/target.ts'
import { findProblem } from '../error-text.ts'
import { plainAnswer } from '../openai-shape/plain-answer.ts'
import { readBySchema } from '../openai-shape/result-line.ts'
import type { DecodedLine, SynchronousReply, SynchronousShape } from '../provider.ts'
import { answerBody, oddEnding } from './answer-body.ts'
import { MESSAGES_ENDPOINT } from './limits.ts'

/**
 * A line of a stream of results. Undefined where it is not JSON or carries no id as text. Never throws. The answer is
 * brought into the shape of a chat answer, so that its outcome follows the same rules.
 */
export function decodeLine(line: string, endpoint: string, secrets: readonly string[]): DecodedLine | undefined {
  const value = parsed(line)
  if (!isJsonObject(value) || typeof value['custom_id'] !== 'string' || value['custom_id'] === '') return undefined
  const row = { custom_id: value['custom_id'], ...answerOf(value['result']) }
  const shape = endpoint === MESSAGES_ENDPOINT ? CHAT_ENDPOINT : endpoint
  return plainAnswer(shape, row) ?? readBySchema(row, shape, secrets)
}

/** Answers of calls in Anthropic's own words. */
export const MESSAGE_REPLIES: SynchronousShape = {
  replyOf: (line) => {
    const value = parsed(line)
    const result = isJsonObject(value) ? value['result'] : undefined
    if (!isJsonObject(result)) return undefined
    const part = (name: string): string | undefined => sliceProperty(sliceProperty(line, 'result') ?? '', name)
    const { error, type } = result
    if (type === 'succeeded') return replyIn(200, part('message'))
    return type === 'errored' ? replyIn(statusOf(innerOf(error)), part('error')) : undefined
  },
  schemaOf: ({ output_config: config, output_format: before }) => {
    const format = isJsonObject(config) ? config['format'] : before
    const schema = isJsonObject(format) ? format['schema'] : undefined
    return isJsonObject(schema) ? schema : null
  },
  errorBody: ({ code, message }) =>
    JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message, details: { error_code: code } } }),
}

function replyIn(status: number, body: string | undefined): SynchronousReply | undefined {
  return body === undefined ? undefined : { status, body }
}

/** Why rows were never executed: unbilled, each with a result of its own. */
const UNEXECUTED: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  canceled: { code: 'batch_cancelled', message: 'the batch was cancelled before this request was sent to the model' },
  expired: { code: 'batch_expired', message: 'the batch expired before this request was sent to the model' },
}

function answerOf(result: unknown): JsonObject {
  const { error, message, type } = isJsonObject(result) ? result : {}
  if (type === 'succeeded') {
    return { response: { status_code: 200, body: answerBody(message) }, error: oddEnding(message) ?? null }
  }
  if (type === 'errored') return erroredOf(error)
  const unexecuted = UNEXECUTED[stringOf(type) ?? '']
  return { response: null, error: unexecuted ?? { code: 'bad_shape', message: 'the line has no result that is known' } }
}

/** HTTP statuses that the types of errors stand for, by the page on errors (2026-11-22). */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** The result holds a whole error response, whose own error tells the category. Errored rows are not billed. */
function erroredOf(whole: unknown): JsonObject {
  const inner = innerOf(whole)
  const problem = findProblem(inner)
  const message = problem?.message ?? 'the request failed, and the provider gave no reason'
  return {
    response: { status_code: statusOf(inner), body: null },
    error: { code: problem?.code ?? typeOf(inner), message },
  }
}

function innerOf(whole: unknown): unknown {
  return isJsonObject(whole) && isJsonObject(whole['error']) ? whole['error'] : whole
}

function statusOf(inner: unknown): number {
  return STATUSES[typeOf(inner)] ?? 400
}

function typeOf(inner: unknown): string {
  return (isJsonObject(inner) ? stringOf(inner['type']) : undefined) ?? 'invalid_request_error'
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // A line that is not JSON is counted by the caller, which keeps its bytes.
    return undefined
  }
}

/** A line with this result, for an answer that came without one. `json` is the message or the error as it came. */
export function lineOf(wireId: string, type: 'succeeded' | 'errored', json: string): string {
  const member = type === 'succeeded' ? 'message' : 'error'
  const result = `{"type":"${type}","${member}":${json.trim().replace(/[\r\n]+/g, ' ')}}`
  return `{"custom_id":${JSON.stringify(wireId)},"result":${result}}`
}
