import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { DIALECT } from '../dialects.ts'
import { unprocessable } from '../http/error-answer.ts'

/** Content of a correct create call: stored files, or requests in the call itself. */
export interface CreateCall {
  readonly endpoint: string
  readonly model: string | null
  readonly inputFileIds: readonly string[]
  readonly requests: readonly JsonObject[] | null
  readonly metadata: Record<string, string> | null
  readonly timeoutHours: number
}

/** By Mistral's API description and its batch guide. */
const MOST_INLINE_REQUESTS = 10_000
const METADATA = { mostKeyLength: 32, mostValueLength: 512 }
const TIMEOUT_HOURS = { standard: 24, below: 168 }

/** Checks the body of `POST /v1/batch/jobs`; a refusal is an answer with status 422. */
export function checkCreate(body: unknown): CreateCall | Response {
  if (!isJsonObject(body)) return unprocessable(['body'], 'Input should be a valid dictionary', 'model_attributes_type')
  const { metadata } = body
  const endpoint = stringOf(body['endpoint'])
  if (endpoint === undefined) return unprocessable(['body', 'endpoint'], 'Field required', 'missing')
  if (!DIALECT.mistral.endpoints.includes(endpoint)) {
    return unprocessable(['body', 'endpoint'], `Input should be one of ${DIALECT.mistral.endpoints.join(', ')}`, 'enum')
  }
  const timeoutHours = body['timeout_hours'] ?? TIMEOUT_HOURS.standard
  const refused = checkInput(body) ?? checkMetadata(metadata) ?? checkTimeout(timeoutHours)
  if (refused) return refused
  return {
    endpoint,
    model: stringOf(body['model']) ?? null,
    inputFileIds: Array.isArray(body['input_files']) ? body['input_files'].map(String) : [],
    requests: Array.isArray(body['requests']) ? body['requests'].filter(isJsonObject) : null,
    metadata: (metadata ?? null) as Record<string, string> | null,
    timeoutHours: Number(timeoutHours),
  }
}

function checkInput(body: JsonObject): Response | undefined {
  const { input_files: files, requests } = body
  const hasFiles = Array.isArray(files) && files.length > 0
  const hasRequests = Array.isArray(requests) && requests.length > 0
  if (hasFiles === hasRequests) {
    return unprocessable(['body'], 'Value error, exactly one of input_files and requests must be given')
  }
  if (hasRequests && requests.length > MOST_INLINE_REQUESTS) {
    return unprocessable(['body', 'requests'], `List should have at most ${MOST_INLINE_REQUESTS} items`, 'too_long')
  }
  return undefined
}

function checkMetadata(metadata: unknown): Response | undefined {
  if (metadata === undefined || metadata === null) return undefined
  if (!isJsonObject(metadata)) return unprocessable(['body', 'metadata'], 'Input should be a valid dictionary')
  for (const [key, value] of Object.entries(metadata)) {
    const isKeyRight = key.length >= 1 && key.length <= METADATA.mostKeyLength
    const isValueRight = typeof value === 'string' && value.length >= 1 && value.length <= METADATA.mostValueLength
    if (isKeyRight && isValueRight) continue
    const text = `Keys should be strings of 1 to ${METADATA.mostKeyLength} characters, values of 1 to ${METADATA.mostValueLength}`
    return unprocessable(['body', 'metadata', key], text, 'string_too_long')
  }
  return undefined
}

function checkTimeout(hours: unknown): Response | undefined {
  const isRight = typeof hours === 'number' && Number.isInteger(hours) && hours > 0 && hours < TIMEOUT_HOURS.below
  return isRight
    ? undefined
    : unprocessable(['body', 'timeout_hours'], `Input should be an integer below ${TIMEOUT_HOURS.below}`, 'less_than')
}
