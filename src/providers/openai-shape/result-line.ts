import { z } from 'zod'
import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { sliceProperty } from '../../lib/json-slice.ts'
import { findProblem } from '../error-text.ts'
import type { DecodedLine, SynchronousReply, SynchronousShape } from '../provider.ts'
import { BACKGROUND_RESPONSES, RESPONSES_ENDPOINT } from './forms/background-response.ts'
import { plainAnswer } from './plain-answer.ts'
import { rowOutcome } from './row-outcome.ts'

/** The line of OpenAI's result files, which Mistral's and most compatible servers' lines follow. */
const lineSchema = z.object({
  custom_id: z.string().min(1),
  response: z.object({ status_code: z.unknown().optional(), body: z.unknown().optional() }).nullish().catch(null),
  error: z.unknown().optional(),
})

/**
 * A result line of the output or the error file. Undefined where it is not JSON or carries no id as text: ids are
 * compared exactly and never guessed. Never throws.
 */
export function decodeResultLine(line: string, endpoint: string, secrets: readonly string[]): DecodedLine | undefined {
  const value = parseLine(line)
  return plainAnswer(endpoint, value) ?? readBySchema(value, endpoint, secrets, line)
}

/**
 * Reads a parsed line of any shape; `source` is its text, where values such as vectors are to be taken from that. Exported
 * for the test that holds the short way to it.
 */
export function readBySchema(
  value: unknown,
  endpoint: string,
  secrets: readonly string[],
  source?: string,
): DecodedLine | undefined {
  const parsed = lineSchema.safeParse(value)
  if (!parsed.success) return undefined
  const { custom_id: wireId, error, response } = parsed.data
  const status = statusOf(response?.status_code)
  const inner = objectWithin(response?.body)
  if (inner !== undefined) {
    const answer = { status, body: inner.body, error, source: inner.text }
    return { wireId, outcome: rowOutcome(endpoint, answer, secrets), isBodyText: true }
  }
  const facts = { status, body: response?.body, error }
  const answer = source === undefined ? facts : { ...facts, source }
  return { wireId, outcome: rowOutcome(endpoint, answer, secrets) }
}

/** The object that a text holds as JSON, and that text; undefined for any other text, such as a reason in words. */
function objectWithin(text: unknown): { readonly text: string; readonly body: object } | undefined {
  if (typeof text !== 'string' || !text.trimStart().startsWith('{')) return undefined
  const body = parseLine(text)
  return typeof body === 'object' && body !== null ? { text, body } : undefined
}

/** The JSON value of a line; undefined where it is none. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // A line that is not JSON is counted by the caller, which keeps its bytes.
    return undefined
  }
}

function statusOf(value: unknown): number | null {
  const status = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof status === 'number' && Number.isInteger(status) ? status : null
}

/** Answers of synchronous calls at OpenAI, and at hosts that follow it. */
const OPENAI_REPLIES: SynchronousShape = repliesWith(({ code, message }) =>
  JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } }),
)

/** The same at an endpoint whose answers can be fetched later. */
const RESPONSES_REPLIES: SynchronousShape = { ...OPENAI_REPLIES, background: BACKGROUND_RESPONSES }

export function openaiReplies(endpoint: string): SynchronousShape {
  return endpoint === RESPONSES_ENDPOINT ? RESPONSES_REPLIES : OPENAI_REPLIES
}

/** The shape of lines as OpenAI's, where errors are written in another way. */
export function repliesWith(errorBody: SynchronousShape['errorBody']): SynchronousShape {
  return { errorBody, replyOf: (line) => replyOf(line, errorBody), schemaOf }
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

/** Chat names it in its response format, responses in the format of their text. */
function schemaOf({ response_format: format, text }: JsonObject): JsonObject | null {
  const described = isJsonObject(format) ? format['json_schema'] : isJsonObject(text) ? text['format'] : undefined
  const schema = isJsonObject(described) ? described['schema'] : undefined
  return isJsonObject(schema) ? schema : null
}
