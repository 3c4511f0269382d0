import type { JsonObject } from '../../lib/json.ts'
import type { VectorsAsked } from '../facts.ts'

/** How many vectors a body asks for, and of what kind. */
export function vectorsAsked(body: JsonObject): VectorsAsked {
  return {
    inputs: inputCount(body['input']),
    length: lengthOf(body['dimensions']) ?? lengthOf(body['output_dimension']),
    isPacked: body['encoding_format'] === 'base64',
  }
}

/** A list of numbers is one text that was turned into tokens already. */
function inputCount(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? Math.max(1, input.length) : 1
}

function lengthOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null
}
