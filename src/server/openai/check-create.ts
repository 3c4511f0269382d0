import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { DIALECT } from '../dialects.ts'
import { invalidRequest } from '../http/error-answer.ts'

/** Content of a correct create call. */
export interface CreateCall {
  readonly inputFileId: string
  readonly endpoint: string
  readonly metadata: Record<string, string> | null
  readonly outputLifeSeconds: number | null
}

/** By OpenAI's API description. */
const METADATA = { mostPairs: 16, mostKeyLength: 64, mostValueLength: 512 }
const OUTPUT_LIFE = { leastSeconds: 3_600, mostSeconds: 2_592_000 }

/** Checks the body of `POST /batches`; a refusal is an answer with status 400. Whether the file exists comes later. */
export function checkCreate(body: unknown): CreateCall | Response {
  if (!isJsonObject(body)) return invalidRequest('We could not parse the JSON body of your request.', null, null)
  for (const field of ['input_file_id', 'endpoint', 'completion_window']) {
    if (stringOf(body[field])) continue
    return invalidRequest(`Missing required parameter: '${field}'.`, 'missing_required_parameter', field)
  }
  const refused = checkChoices(body) ?? checkMetadata(body['metadata']) ?? checkOutputLife(body['output_expires_after'])
  if (refused) return refused
  const life = isJsonObject(body['output_expires_after']) ? Number(body['output_expires_after']['seconds']) : null
  return {
    inputFileId: String(body['input_file_id']),
    endpoint: String(body['endpoint']),
    metadata: (body['metadata'] ?? null) as Record<string, string> | null,
    outputLifeSeconds: life,
  }
}

function checkChoices(body: JsonObject): Response | undefined {
  if (body['completion_window'] !== '24h') return badChoice('completion_window', body['completion_window'], ['24h'])
  const { endpoints } = DIALECT.openai
  return endpoints.includes(String(body['endpoint'])) ? undefined : badChoice('endpoint', body['endpoint'], endpoints)
}

function badChoice(field: string, value: unknown, choices: readonly string[]): Response {
  const text = `Invalid value: '${String(value)}'. Supported values are: ${choices.map((choice) => `'${choice}'`).join(', ')}.`
  return invalidRequest(text, 'invalid_value', field)
}

function checkMetadata(metadata: unknown): Response | undefined {
  if (metadata === undefined || metadata === null) return undefined
  if (!isJsonObject(metadata)) {
    return invalidRequest("Invalid type for 'metadata': expected an object.", 'invalid_type', 'metadata')
  }
  const pairs = Object.entries(metadata)
  if (pairs.length > METADATA.mostPairs) {
    const text = `Invalid 'metadata': too many properties. Expected an object with at most ${METADATA.mostPairs} properties.`
    return invalidRequest(text, 'object_above_max_properties', 'metadata')
  }
  for (const [key, value] of pairs) {
    const refused = checkPair(key, value)
    if (refused) return refused
  }
  return undefined
}

function checkPair(key: string, value: unknown): Response | undefined {
  const param = `metadata.${key}`
  if (typeof value !== 'string') {
    const text = `Invalid type for '${param}': expected a string, but got ${typeNamed(value)} instead.`
    return invalidRequest(text, 'invalid_type', param)
  }
  if (key.length > METADATA.mostKeyLength || value.length > METADATA.mostValueLength) {
    const text = `Invalid '${param}': string too long. Keys have at most ${METADATA.mostKeyLength} characters, values ${METADATA.mostValueLength}.`
    return invalidRequest(text, 'string_above_max_length', param)
  }
  return undefined
}

function typeNamed(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

function checkOutputLife(given: unknown): Response | undefined {
  if (given === undefined || given === null) return undefined
  const seconds = isJsonObject(given) ? Number(given['seconds']) : Number.NaN
  const isRight = isJsonObject(given) && given['anchor'] === 'created_at'
  if (isRight && seconds >= OUTPUT_LIFE.leastSeconds && seconds <= OUTPUT_LIFE.mostSeconds) return undefined
  const text = `Invalid 'output_expires_after': expected anchor 'created_at' and ${OUTPUT_LIFE.leastSeconds} to ${OUTPUT_LIFE.mostSeconds} seconds.`
  return invalidRequest(text, 'invalid_value', 'output_expires_after')
}
