import { DIALECT } from '../dialects.ts'
import type { ApiError } from '../simulate/provider-error.ts'
import type { DialectName } from '../state/record.ts'

/** An answer that refuses, in the dialect's own words. */
export function errorAnswer(dialect: DialectName, error: ApiError): Response {
  return Response.json(DIALECT[dialect].errorBody(error), { status: error.status })
}

/** OpenAI's refusal of a request that is not right: status 400 unless another is given. */
export function invalidRequest(message: string, code: string | null, param: string | null, status = 400): Response {
  return errorAnswer('openai', { status, type: 'invalid_request_error', message, code, param })
}

/** Mistral's refusal of a body or query that does not fit its schema. */
export function unprocessable(location: readonly (string | number)[], message: string, type = 'value_error'): Response {
  return Response.json({ detail: [{ type, loc: location, msg: message, input: null }] }, { status: 422 })
}

/** Mistral's refusal of an id that it does not know. */
export function unknownAtMistral(message: string): Response {
  return errorAnswer('mistral', { status: 404, type: 'invalid_request_error', message, code: '3000', param: null })
}
