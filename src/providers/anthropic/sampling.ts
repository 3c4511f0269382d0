import type { JsonObject } from '../../lib/json.ts'
import { isGiven } from './given.ts'
import { modelTraits } from './models.ts'
import { refuse } from './no-equivalent.ts'

/** Fields that choose among words. */
export const SAMPLING_FIELDS = ['temperature', 'top_p', 'top_k'] as const

/**
 * The fields that choose among words, as the model takes them. Values that mean the model's own sampling are left out where
 * it takes no other.
 * @throws NoEquivalent for a value that the model refuses
 */
export function samplingMembers(body: JsonObject, model: string): JsonObject {
  const { hasOneSampling, hasOwnSampling } = modelTraits(model)
  const given = SAMPLING_FIELDS.filter((field) => isGiven(body[field]))
  if (hasOwnSampling) {
    const other = given.find((field) => field === 'top_k' || body[field] !== 1)
    if (other !== undefined) refuse(other === 'top_k' ? other : `another ${other} than 1`, model)
    return {}
  }
  const { temperature } = body
  if (typeof temperature === 'number' && temperature > 1) refuse('a temperature above 1')
  if (hasOneSampling && isGiven(temperature) && isGiven(body['top_p'])) refuse('temperature and top_p together', model)
  return Object.fromEntries(given.map((field) => [field, body[field]]))
}
