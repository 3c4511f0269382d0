import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { CACHE_PREFIX_FIELD } from '../../log/cache-prefix.ts'
import type { Target } from '../../model/target.ts'
import type { WireRequest } from '../provider.ts'
import { markedMessages } from './cache-marks.ts'
import { conversationOf } from './conversation.ts'
import { isGiven } from './given.ts'
import { MESSAGES_ENDPOINT } from './limits.ts'
import { defaultMaxTokens } from './models.ts'
import { NoEquivalent, refuse } from './no-equivalent.ts'
import { OUTPUT_FIELDS, outputMembers } from './output.ts'
import { SAMPLING_FIELDS, samplingMembers } from './sampling.ts'
import { TOOL_FIELDS, toolMembers } from './tools.ts'

/** Members that are passed on as they are, in Anthropic's own words. */
const OWN_FIELDS = ['cache_control', 'inference_geo'] as const

/** Fields that have an equivalent. */
const KNOWN: readonly string[] = [
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'user',
  CACHE_PREFIX_FIELD,
  ...SAMPLING_FIELDS,
  ...TOOL_FIELDS,
  ...OUTPUT_FIELDS,
  ...OWN_FIELDS,
]

/** Fields whose value says what happens anyway; any other value has no equivalent. */
const SAME_AS_ABSENT: Readonly<Record<string, readonly unknown[]>> = {
  stream: [false],
  store: [false],
  n: [1],
  logprobs: [false],
  presence_penalty: [0],
  frequency_penalty: [0],
  service_tier: ['auto', 'default'],
}

/** One request as a member of the list that a create carries. @throws NoEquivalent for a body that cannot be asked */
export function encodeRequest({ body, target, wireId }: WireRequest): string {
  return `{"custom_id":${JSON.stringify(wireId)},"params":${JSON.stringify(paramsOf(target, body))}}`
}

/** Why a body, or a part of one, cannot be sent; null where it can. */
export function unsupported(target: Target, body: string): string | null {
  try {
    paramsOf(target, body)
    return null
  } catch (error) {
    if (error instanceof NoEquivalent) return error.message
    throw error
  }
}

/**
 * The parameters of a message: the body itself where it is one, else those that a chat body stands for. A body without
 * messages is one that others are made of.
 * @throws NoEquivalent for what Anthropic, or the model, has no equivalent for
 */
export function paramsOf({ endpoint, model }: Target, json: string): JsonObject {
  const body: unknown = JSON.parse(json)
  if (!isJsonObject(body)) refuse('a body that is not an object')
  if (endpoint === MESSAGES_ENDPOINT) return body
  assertKnown(body)
  const { max_completion_tokens: most, max_tokens: mostBefore, messages, stop, user } = body
  return {
    model,
    max_tokens: isGiven(most) ? most : isGiven(mostBefore) ? mostBefore : defaultMaxTokens(model),
    ...(isGiven(messages) ? conversationOf(markedMessages(messages, body[CACHE_PREFIX_FIELD]), model) : {}),
    ...toolMembers(body, model),
    ...outputMembers(body, model),
    ...samplingMembers(body, model),
    ...(isGiven(stop) ? { stop_sequences: stopsOf(stop) } : {}),
    ...(isGiven(user) ? { metadata: { user_id: user } } : {}),
    ...Object.fromEntries(OWN_FIELDS.filter((field) => isGiven(body[field])).map((field) => [field, body[field]])),
  }
}

/** What would be dropped in silence is refused instead. */
function assertKnown(body: JsonObject): void {
  for (const [field, value] of Object.entries(body)) {
    if (!isGiven(value) || KNOWN.includes(field)) continue
    if (SAME_AS_ABSENT[field]?.includes(value) !== true) refuse(`the parameter ${JSON.stringify(field)}`)
  }
}

function stopsOf(stop: unknown): readonly unknown[] {
  const stops: readonly unknown[] = Array.isArray(stop) ? stop : [stop]
  const isBlank = stops.some((text) => typeof text !== 'string' || text.trim() === '')
  return isBlank ? refuse('a stop of white space only') : stops
}
