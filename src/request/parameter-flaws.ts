import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { RunDefinition } from '../model/run.ts'
import { factsOf } from '../providers/known.ts'
import type { Lane } from './lanes.ts'

/** The part of a run's definition that sets parameters of all requests. */
type Settings = Pick<RunDefinition, 'maxTokens' | 'temperature' | 'parameters'>

/**
 * Refuses what contradicts itself, or what the provider refuses by its documentation, before anything is sent.
 * @throws LlmBatchError `usage` for one parameter that is said twice, and for a temperature outside the provider's range
 */
export function refuseFlawed(settings: Settings, { limits, target }: Pick<Lane, 'limits' | 'target'>): void {
  const { maxTokens, parameters, temperature } = settings
  const { mostTemperature } = limits
  const given = (names: readonly string[]): readonly string[] =>
    names.filter((name) => Object.hasOwn(parameters, name)).map((name) => mention('param', `${name}=`))
  refuseTwice(
    [...(maxTokens === null ? [] : [mention('maxTokens')]), ...given(factsOf(target.provider).limitFields)],
    'the maximum tokens per answer',
  )
  refuseTwice([...(temperature === null ? [] : [mention('temperature')]), ...given(['temperature'])], 'the temperature')
  const wanted = temperature ?? parameters['temperature']
  if (mostTemperature === null || typeof wanted !== 'number') return
  if (wanted >= 0 && wanted <= mostTemperature) return
  throw new LlmBatchError('usage', `the provider does not support the temperature ${wanted}; nothing was sent`, {
    next: `Choose one from 0 to ${mostTemperature}.`,
  })
}

function refuseTwice(spellings: readonly string[], what: string): void {
  if (spellings.length < 2) return
  throw new LlmBatchError('usage', `${spellings.join(' and ')} both set ${what}`, { next: 'Leave all but one out.' })
}
