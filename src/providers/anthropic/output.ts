import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { isGiven } from './given.ts'
import { modelTraits } from './models.ts'
import { refuse } from './no-equivalent.ts'
import { wireSchema } from './wire-schema.ts'

/** Fields that shape the answer and the thinking before it. */
export const OUTPUT_FIELDS = ['response_format', 'reasoning_effort', 'thinking'] as const

const EFFORTS: readonly unknown[] = ['low', 'medium', 'high', 'xhigh', 'max']

/** How the answer is to look and how hard the model thinks. @throws NoEquivalent for what it cannot be asked for */
export function outputMembers(body: JsonObject, model: string): JsonObject {
  const { reasoning_effort: effort, response_format: wanted, thinking } = body
  const format = isGiven(wanted) ? formatOf(wanted) : undefined
  const level = isGiven(effort) && effort !== 'none' ? levelOf(effort, model) : undefined
  const config = { ...(format ? { format } : {}), ...(level === undefined ? {} : { effort: level }) }
  const thought = isGiven(thinking) ? thinking : effort === 'none' ? withoutThinking(model) : undefined
  return {
    ...(Object.keys(config).length === 0 ? {} : { output_config: config }),
    ...(thought === undefined ? {} : { thinking: thought }),
  }
}

function formatOf(wanted: unknown): JsonObject | undefined {
  if (!isJsonObject(wanted)) refuse('such a response_format')
  const { json_schema: described, type } = wanted
  if (type === 'text') return undefined
  if (type === 'json_object') refuse('response_format json_object; give a schema')
  if (type !== 'json_schema' || !isJsonObject(described) || !isJsonObject(described['schema'])) {
    refuse('such a response_format')
  }
  if (described['strict'] === false) refuse('a schema that it is not to enforce (strict: false)')
  return { type: 'json_schema', schema: wireSchema(described['schema']) }
}

function levelOf(effort: unknown, model: string): unknown {
  if (!EFFORTS.includes(effort))
    refuse(`reasoning_effort ${JSON.stringify(effort)}; the levels are ${EFFORTS.join(', ')}`)
  return modelTraits(model).hasEffort ? effort : refuse('reasoning_effort', model)
}

function withoutThinking(model: string): JsonObject {
  if (modelTraits(model).alwaysThinks) refuse('reasoning_effort none, because it always thinks', model)
  return { type: 'disabled' }
}
