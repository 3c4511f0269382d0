import type { JsonObject } from '../../lib/json.ts'
import { type ParameterPlace, refusal } from './parameter-refusal.ts'
import type { ApiError } from './provider-error.ts'
import { inputsOf } from './verdict-body.ts'

/** Choices of one request, by OpenAI's API description. */
const MOST_CHOICES = 128

/** Inputs of one request, by OpenAI's API description of embeddings; the server holds all others to it too. */
const MOST_INPUTS = 2_048

/** Numbers of one vector; above those of every model of 2026. */
const MOST_DIMENSIONS = 4_096

/** Why the API would refuse how much this body asks for, or undefined. */
export function refusedAmount(place: ParameterPlace): ApiError | undefined {
  const { body } = place
  return (
    refusedNumber(place, 'n', MOST_CHOICES) ??
    refusedNumber(place, 'dimensions', MOST_DIMENSIONS) ??
    refusedNumber(place, 'output_dimension', MOST_DIMENSIONS) ??
    (place.endpoint === '/v1/responses' ? undefined : refusedInputs(place, body))
  )
}

function refusedNumber(place: ParameterPlace, field: string, most: number): ApiError | undefined {
  const value = place.body[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return refusal(place.wording, 'invalid_type', field, `Invalid type for '${field}': expected an integer.`)
  }
  if (value >= 1 && value <= most) return undefined
  const [code, bound] = value > most ? ['integer_above_max_value', `<= ${most}`] : ['integer_below_min_value', '>= 1']
  const text = `Invalid value for '${field}': expected a value ${bound}, but got ${value} instead.`
  return refusal(place.wording, code, field, text)
}

function refusedInputs(place: ParameterPlace, body: JsonObject): ApiError | undefined {
  if (inputsOf(body).length <= MOST_INPUTS) return undefined
  const text = `Invalid 'input': array too long. Expected an array with at most ${MOST_INPUTS} elements.`
  return refusal(place.wording, 'array_above_max_length', 'input', text)
}
