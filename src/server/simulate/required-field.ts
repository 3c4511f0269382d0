import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { type ParameterPlace, refusal } from './parameter-refusal.ts'
import type { ApiError } from './provider-error.ts'

/** Fields of which a request must have one, by endpoint, the first one named where all are missing. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  '/v1/chat/completions': ['messages'],
  '/v1/responses': ['input', 'prompt', 'previous_response_id', 'conversation'],
  '/v1/completions': ['prompt'],
  '/v1/embeddings': ['input', 'inputs'],
  '/v1/moderations': ['input'],
  '/v1/images/generations': ['prompt'],
  '/v1/fim/completions': ['prompt'],
  '/v1/ocr': ['document'],
  '/v1/classifications': ['input', 'inputs'],
  '/v1/chat/moderations': ['input'],
  '/v1/chat/classifications': ['input'],
}

/** Why the API would refuse a body that lacks what it is about, or undefined. */
export function missingField({ body, wording, endpoint }: ParameterPlace): ApiError | undefined {
  const fields = REQUIRED[endpoint] ?? []
  const first = fields[0]
  if (first === undefined) return undefined
  if (!fields.some((field) => body[field] !== undefined && body[field] !== null)) {
    return refusal(wording, 'missing_required_parameter', first, `Missing required parameter: '${first}'.`)
  }
  return first === 'messages' ? wrongMessages(wording, body) : undefined
}

function wrongMessages(wording: ParameterPlace['wording'], body: JsonObject): ApiError | undefined {
  const messages: unknown = body['messages']
  if (!Array.isArray(messages) || !messages.every(isJsonObject)) {
    return refusal(wording, 'invalid_type', 'messages', "Invalid type for 'messages': expected an array of objects.")
  }
  if (messages.length > 0) return undefined
  const text =
    "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
  return refusal(wording, 'empty_array', 'messages', text)
}
