import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { plainAnswer } from '../openai-shape/plain-answer.ts'
import { readBySchema } from '../openai-shape/result-line.ts'
import type { DecodedLine } from '../provider.ts'
import { answerBody, oddEnding } from './answer-body.ts'
import { rowProblem } from './row-problem.ts'

/**
 * A line of a result file: a key with a response or an error. Undefined where it is not JSON or has no key as text. Never
 * throws. The answer is brought into the shape of OpenAI's, so that its outcome follows the same rules.
 */
export function decodeLine(line: string, endpoint: string, secrets: readonly string[]): DecodedLine | undefined {
  const value = parsed(line)
  if (!isJsonObject(value)) return undefined
  const { error, key, response, status } = value
  if (typeof key !== 'string' || key === '') return undefined
  const row = { custom_id: key, ...answerOf(endpoint, response, error ?? status) }
  return plainAnswer(endpoint, row) ?? readBySchema(row, endpoint, secrets)
}

function answerOf(endpoint: string, response: unknown, error: unknown): JsonObject {
  if (!isJsonObject(response)) {
    const { problem, status } = rowProblem(error)
    return { response: { status_code: status, body: null }, error: problem }
  }
  return {
    response: { status_code: 200, body: answerBody(endpoint, response) },
    error: oddEnding(response) ?? null,
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // A line that is not JSON is counted by the caller, which keeps its bytes.
    return undefined
  }
}

/** The key of a line with this answer, as text on one line. */
export function lineOf(wireId: string, member: 'response' | 'error', json: string): string {
  return `{"key":${JSON.stringify(wireId)},"${member}":${json.trim().replace(/[\r\n]+/g, ' ')}}`
}

/** What an error of the API says, as the `error` of a line. */
export function errorMember(problem: {
  readonly status: number | null
  readonly code: string | null
  readonly message: string
}): string {
  return JSON.stringify({ code: problem.status, status: stringOf(problem.code), message: problem.message })
}
