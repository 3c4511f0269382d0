import type { JsonObject } from '../../lib/json.ts'
import type { ApiError } from './provider-error.ts'
import type { Wording } from './wording.ts'

/** A request as far as its parameters are checked. */
export interface ParameterPlace {
  readonly wording: Wording
  readonly endpoint: string
  readonly model: string
  readonly body: JsonObject
}

/** The refusal of one parameter: status 400 with a code at OpenAI, 422 without one at Mistral. */
export function refusal(wording: Wording, code: string, param: string, message: string): ApiError {
  const type = 'invalid_request_error'
  return wording === 'openai'
    ? { status: 400, type, code, param, message }
    : { status: 422, type, code: null, param, message }
}
