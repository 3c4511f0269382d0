import { isJsonObject, type JsonObject } from '../../../lib/json.ts'
import { responseSchema } from './answer-schema.ts'
import { isGiven } from './given.ts'
import { refuse } from './no-equivalent.ts'
import { thinkingFor } from './thinking.ts'

/** Fields of a chat body that only have another name at Gemini. */
const RENAMED: Readonly<Record<string, string>> = {
  max_tokens: 'maxOutputTokens',
  max_completion_tokens: 'maxOutputTokens',
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  n: 'candidateCount',
  seed: 'seed',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
  logprobs: 'responseLogprobs',
  top_logprobs: 'logprobs',
}

/** Fields of a chat body that the configuration of an answer is made from. */
export const GENERATION_FIELDS: readonly string[] = [
  ...Object.keys(RENAMED),
  'stop',
  'response_format',
  'reasoning_effort',
]

/**
 * How an answer is to be made, from the fields of a chat body; undefined where none is set.
 * @throws NoEquivalent for a value that has none
 */
export function generationConfig(body: JsonObject, model: string): JsonObject | undefined {
  const renamed = Object.entries(RENAMED).filter(([field]) => isGiven(body[field]))
  const { reasoning_effort: effort, response_format: format, stop } = body
  const config = {
    ...Object.fromEntries(renamed.map(([field, name]) => [name, body[field]])),
    ...(isGiven(stop) ? { stopSequences: Array.isArray(stop) ? stop : [stop] } : {}),
    ...(isGiven(format) ? formOf(format) : {}),
    ...(isGiven(effort) ? { thinkingConfig: thinkingFor(effort, model) } : {}),
  }
  return Object.keys(config).length === 0 ? undefined : config
}

function formOf(format: unknown): JsonObject {
  const type = isJsonObject(format) ? format['type'] : undefined
  if (type === 'text') return {}
  const json = { responseMimeType: 'application/json' }
  if (type === 'json_object') return json
  const asked = isJsonObject(format) && type === 'json_schema' ? format['json_schema'] : undefined
  if (!isJsonObject(asked)) refuse(`the response format ${JSON.stringify(type ?? null)}`)
  return { ...json, responseJsonSchema: responseSchema(asked['schema']) }
}
