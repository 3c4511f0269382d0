import type { JsonObject } from '../../lib/json.ts'
import type { DialectName } from '../state/record.ts'
import type { ApiError } from './provider-error.ts'

/** A request as far as its parameters are checked. */
export interface ParameterPlace {
  readonly dialect: DialectName
  readonly endpoint: string
  readonly model: string
  readonly body: JsonObject
}

/** The refusal of one parameter: status 400 with a code at OpenAI, 422 without one at Mistral. */
export function refusal(dialect: DialectName, code: string, param: string, message: string): ApiError {
  const type = 'invalid_request_error'
  return dialect === 'openai'
    ? { status: 400, type, code, param, message }
    : { status: 422, type, code: null, param, message }
}
