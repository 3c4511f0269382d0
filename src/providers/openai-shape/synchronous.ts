import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { sliceProperty } from '../../lib/json-slice.ts'
import { findProblem } from '../error-text.ts'
import type { SynchronousReply, SynchronousShape } from '../provider.ts'
import { parseLine } from './result-line.ts'

/** Answers of synchronous calls at OpenAI, and at hosts that follow it. */
export const OPENAI_REPLIES: SynchronousShape = repliesWith(({ code, message }) =>
  JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } }),
)

/** The shape of lines as OpenAI's, where errors are written in another way. */
export function repliesWith(errorBody: SynchronousShape['errorBody']): SynchronousShape {
  return { errorBody, replyOf: (line) => replyOf(line, errorBody) }
}

function replyOf(line: string, errorBody: SynchronousShape['errorBody']): SynchronousReply | undefined {
  const value = parseLine(line)
  const response = isJsonObject(value) ? value['response'] : undefined
  if (!isJsonObject(value) || !isJsonObject(response)) return undefined
  const status = Number(response['status_code'])
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined
  const body = bodyText(line, response)
  if (body !== undefined) return { status, body }
  const problem = findProblem(value['error'])
  return problem ? { status, body: errorBody(problem) } : undefined
}

/** The body in the provider's own words, so that no number in it changes. */
function bodyText(line: string, { body }: JsonObject): string | undefined {
  if (isJsonObject(body)) return sliceProperty(sliceProperty(line, 'response') ?? '', 'body')
  const text = stringOf(body)
  return text?.trimStart().startsWith('{') ? text : undefined
}
