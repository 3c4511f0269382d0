import { isJsonObject, type JsonObject, parseJson } from '../../../lib/json.ts'
import type { Target } from '../../../model/target.ts'
import type { WireRequest } from '../../provider.ts'
import { EMBEDDINGS } from '../endpoints.ts'
import { conversationOf } from './contents.ts'
import { GENERATION_FIELDS, generationConfig } from './generation.ts'
import { isGiven } from './given.ts'
import { NoEquivalent, refuse } from './no-equivalent.ts'
import { toolMembers } from './tools.ts'

/** Members of a request that are passed on as they are, in Gemini's own words. */
const OWN_FIELDS: readonly string[] = ['safetySettings', 'cachedContent']

const CHAT_FIELDS: readonly string[] = [
  'model',
  'messages',
  'stream',
  'tools',
  'tool_choice',
  ...GENERATION_FIELDS,
  ...OWN_FIELDS,
]

const EMBEDDING_FIELDS: readonly string[] = ['model', 'input', 'dimensions', 'taskType', 'title', 'encoding_format']

/** One request as a line of an input file. @throws NoEquivalent for a body that Gemini cannot be asked */
export function encodeLine({ body, target, wireId }: WireRequest): string {
  return `{"key":${JSON.stringify(wireId)},"request":${JSON.stringify(requestOf(target, body))}}`
}

/** Why a body cannot be sent; null where it can. */
export function unsupported(target: Target, body: string): string | null {
  try {
    requestOf(target, body)
    return null
  } catch (error) {
    if (error instanceof NoEquivalent) return error.message
    throw error
  }
}

/**
 * The request that a body in the shape of OpenAI's API stands for, without its model, which the URL names.
 * @throws NoEquivalent for what Gemini has no equivalent for
 */
export function requestOf({ endpoint, model }: Target, body: string): JsonObject {
  const fields: unknown = parseJson(body)
  if (!isJsonObject(fields)) refuse('a body that is not an object')
  return endpoint === EMBEDDINGS ? embeddingOf(fields) : chatOf(fields, model)
}

function chatOf(body: JsonObject, model: string): JsonObject {
  assertKnown(body, CHAT_FIELDS)
  const config = generationConfig(body, model)
  const own = OWN_FIELDS.filter((field) => isGiven(body[field])).map((field) => [field, body[field]])
  return {
    ...conversationOf(body['messages']),
    ...(config === undefined ? {} : { generationConfig: config }),
    ...toolMembers(body),
    ...Object.fromEntries(own),
  }
}

function embeddingOf(body: JsonObject): JsonObject {
  assertKnown(body, EMBEDDING_FIELDS)
  const { dimensions, encoding_format: encoding, input, taskType, title } = body
  if (typeof input !== 'string') refuse('several texts in one request for embeddings')
  if (isGiven(encoding) && encoding !== 'float') refuse('packed vectors')
  return {
    content: { parts: [{ text: input }] },
    ...(isGiven(dimensions) ? { outputDimensionality: dimensions } : {}),
    ...(isGiven(taskType) ? { taskType } : {}),
    ...(isGiven(title) ? { title } : {}),
  }
}

/** What would be dropped in silence is refused instead. */
function assertKnown(body: JsonObject, known: readonly string[]): void {
  const other = Object.keys(body).find((field) => isGiven(body[field]) && !known.includes(field))
  if (other !== undefined) refuse(`the parameter ${JSON.stringify(other)}`)
}
