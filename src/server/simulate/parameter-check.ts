import type { JsonObject } from '../../lib/json.ts'
import { refusedAmount } from './amount-check.ts'
import { type ParameterPlace, refusal } from './parameter-refusal.ts'
import type { ApiError } from './provider-error.ts'

/** Sampling parameters that OpenAI's reasoning models refuse in any value but the default. */
const SAMPLING: readonly (readonly [field: string, standard: number])[] = [
  ['temperature', 1],
  ['top_p', 1],
  ['presence_penalty', 0],
  ['frequency_penalty', 0],
]

/** Parameters that OpenAI's reasoning models do not know at all. */
const UNKNOWN_TO_REASONING = ['logprobs', 'top_logprobs', 'logit_bias'] as const

/** Why a row that wants its answer as a stream is refused, or undefined. */
export function refusedStream({ body, wording }: ParameterPlace): ApiError | undefined {
  return body['stream'] === true
    ? refusal(wording, 'unsupported_value', 'stream', 'Streaming is not supported in batches.')
    : undefined
}

/** Why the API would refuse this body with a 400, or undefined. */
export function refusedParameter(place: ParameterPlace): ApiError | undefined {
  const { body, wording, endpoint, model } = place
  if (endpoint === '/v1/embeddings' && hasEmptyInput(body['input'])) {
    return refused('invalid_value', 'input', "Invalid 'input': input cannot be an empty string.")
  }
  if (wording === 'mistral') return refusedAmount(place) ?? refusedByMistral(body)
  return refusedAmount(place) ?? (isReasoning(model) ? refusedByReasoning(body) : undefined)
}

function hasEmptyInput(input: unknown): boolean {
  return input === undefined || input === '' || (Array.isArray(input) && (input.length === 0 || input.includes('')))
}

function refusedByMistral(body: JsonObject): ApiError | undefined {
  if (body['max_completion_tokens'] !== undefined) {
    return refusal('mistral', '', 'max_completion_tokens', 'Extra inputs are not permitted')
  }
  const temperature = body['temperature']
  return typeof temperature === 'number' && temperature > 1.5
    ? refusal('mistral', '', 'temperature', 'Input should be less than or equal to 1.5')
    : undefined
}

function refusedByReasoning(body: JsonObject): ApiError | undefined {
  if (body['max_tokens'] !== undefined) {
    const text =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    return refused('unsupported_parameter', 'max_tokens', text)
  }
  for (const field of UNKNOWN_TO_REASONING) {
    if (body[field] === undefined || body[field] === null) continue
    return refused(
      'unsupported_parameter',
      field,
      `Unsupported parameter: '${field}' is not supported with this model.`,
    )
  }
  for (const [field, standard] of SAMPLING) {
    const value = body[field]
    if (typeof value !== 'number' || value === standard) continue
    const text = `Unsupported value: '${field}' does not support ${value} with this model. Only the default (${standard}) value is supported.`
    return refused('unsupported_value', field, text)
  }
  return undefined
}

/** True for the o-series and the line from GPT-5 on, but not for its chat variants. */
function isReasoning(model: string): boolean {
  return /^(?:o\d|gpt-[5-9])/.test(model) && !model.includes('chat')
}

function refused(code: string, param: string, message: string): ApiError {
  return refusal('openai', code, param, message)
}
