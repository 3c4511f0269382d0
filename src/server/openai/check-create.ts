import { HOUR_MS } from '../../lib/duration.ts'
import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { DIALECT } from '../dialects.ts'
import { invalidRequest } from '../http/error-answer.ts'
import type { PlayedHost } from './host.ts'
import { endpointRead } from './peculiar-endpoint.ts'

/** Content of a correct create call. */
export interface CreateCall {
  readonly inputFileId: string
  readonly endpoint: string
  readonly metadata: Record<string, string> | null
  readonly outputLifeSeconds: number | null
  readonly windowMs: number
  /** True unless the client wishes the input file to stay. */
  readonly deletesInput: boolean
}

/** By OpenAI's API description. */
const METADATA = { mostPairs: 16, mostKeyLength: 64, mostValueLength: 512 }
const OUTPUT_LIFE = { leastSeconds: 3_600, mostSeconds: 2_592_000 }

/** Checks the body of `POST /batches`; a refusal is an answer with status 400. Whether the file exists comes later. */
export function checkCreate(body: unknown, are: PlayedHost['are']): CreateCall | Response {
  if (!isJsonObject(body)) return invalidRequest('We could not parse the JSON body of your request.', null, null)
  const required = ['input_file_id', 'endpoint', ...(are.has('no-window') ? [] : ['completion_window'])]
  for (const field of required) {
    if (stringOf(body[field])) continue
    return invalidRequest(`Missing required parameter: '${field}'.`, 'missing_required_parameter', field)
  }
  const refused =
    checkChoices(body, are) ??
    checkMetadata(body['metadata'], are.has('no-metadata')) ??
    checkOutputLife(body['output_expires_after'])
  if (refused) return refused
  const life = isJsonObject(body['output_expires_after']) ? Number(body['output_expires_after']['seconds']) : null
  return {
    inputFileId: String(body['input_file_id']),
    endpoint: endpointRead(are, String(body['endpoint'])) ?? '',
    metadata: (body['metadata'] ?? null) as Record<string, string> | null,
    outputLifeSeconds: life,
    windowMs: windowHours(body) * HOUR_MS,
    deletesInput: body['auto_delete_input_file'] !== false,
  }
}

function checkChoices(body: JsonObject, are: PlayedHost['are']): Response | undefined {
  const { completion_window: window, endpoint } = body
  if (are.has('no-window') && window !== undefined) return badChoice('completion_window', window, [])
  const isAnyHours = are.has('any-window') && windowHours(body) >= DAY_HOURS
  if (!are.has('no-window') && window !== '24h' && !isAnyHours) return badChoice('completion_window', window, ['24h'])
  if (endpointRead(are, String(endpoint)) !== undefined) return undefined
  return badChoice('endpoint', endpoint, DIALECT.openai.endpoints)
}

/** Hours of the window that was asked for; a day where none was. */
function windowHours({ completion_window: window }: JsonObject): number {
  return Number(/^(\d+)h$/.exec(String(window))?.[1] ?? DAY_HOURS)
}

const DAY_HOURS = 24

/** OpenAI's refusal of a value that is none of its choices. */
export function badChoice(field: string, value: unknown, choices: readonly string[]): Response {
  const text = `Invalid value: '${String(value)}'. Supported values are: ${choices.map((choice) => `'${choice}'`).join(', ')}.`
  return invalidRequest(text, 'invalid_value', field)
}

function checkMetadata(metadata: unknown, isRefused: boolean): Response | undefined {
  if (metadata === undefined || metadata === null) return undefined
  if (isRefused) return invalidRequest("Unknown parameter: 'metadata'.", 'unknown_parameter', 'metadata')
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
