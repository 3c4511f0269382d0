import type { JsonObject } from '../../lib/json.ts'

/** Models up to this one take a temperature and the like as they always did. */
const WITH_SAMPLING = /^claude-(?:[23]|opus-4(?:-[0156])?(?:-20|$)|sonnet-4|haiku-4)/

/** Parameters that choose among words. */
export const SAMPLING = ['temperature', 'top_p', 'top_k'] as const

/** Models that take temperature or top_p, not both. */
const ONE_OF_BOTH = /^claude-haiku-4-5/

/** Why the model refuses the parameters that choose among words, or undefined. */
export function samplingFlaw(params: JsonObject, model: string): string | undefined {
  const { temperature, top_k, top_p } = params
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1)) {
    return 'temperature: Input should be less than or equal to 1'
  }
  if (WITH_SAMPLING.test(model)) {
    const isBoth = temperature !== undefined && top_p !== undefined && ONE_OF_BOTH.test(model)
    return isBoth ? '`temperature` and `top_p` cannot both be specified for this model.' : undefined
  }
  if (temperature !== undefined && temperature !== 1) return '`temperature` is not supported for this model.'
  if (top_p !== undefined && Number(top_p) < 0.99) return '`top_p` is not supported for this model.'
  return top_k === undefined ? undefined : '`top_k` is not supported for this model.'
}
