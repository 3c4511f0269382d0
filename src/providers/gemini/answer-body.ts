import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { EMBEDDINGS } from './endpoints.ts'
import { usageIn } from './usage.ts'

/** Reasons to stop that a filter has. */
const FILTERS: readonly string[] = [
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'IMAGE_OTHER',
]

/** Reasons to stop of an answer that ran to its end. */
const ENDS: Readonly<Record<string, string>> = { STOP: 'stop', MAX_TOKENS: 'length' }

const UNSPECIFIED = 'FINISH_REASON_UNSPECIFIED'

/** An answer in the shape of OpenAI's: its texts, its calls, why it stopped, and what it used. */
export function answerBody(endpoint: string, response: JsonObject): JsonObject {
  if (endpoint === EMBEDDINGS) return vectorBody(response)
  const candidates = candidatesOf(response)
  const choices = candidates.length === 0 ? [emptyChoice(response)] : candidates.map(choiceOf)
  return { model: response['modelVersion'], choices, ...usageIn(response['usageMetadata']) }
}

/** Why an answer stopped that neither ended nor was filtered, in Gemini's word; undefined for every other answer. */
export function oddEnding(response: JsonObject): { readonly code: string; readonly message: string } | undefined {
  const odd = candidatesOf(response)
    .map(({ finishReason }) => stringOf(finishReason) ?? UNSPECIFIED)
    .find((reason) => reason !== UNSPECIFIED && !Object.hasOwn(ENDS, reason) && !FILTERS.includes(reason))
  return odd === undefined ? undefined : { code: odd, message: `the model stopped with ${odd}` }
}

function candidatesOf({ candidates }: JsonObject): readonly JsonObject[] {
  return Array.isArray(candidates) ? candidates.filter(isJsonObject) : []
}

/** A prompt that was blocked has no answer; every other response without one is an empty answer. */
function emptyChoice({ promptFeedback }: JsonObject): JsonObject {
  const isBlocked = isJsonObject(promptFeedback) && stringOf(promptFeedback['blockReason']) !== undefined
  return { message: { content: '' }, finish_reason: isBlocked ? 'content_filter' : 'stop' }
}

function choiceOf({ content, finishReason }: JsonObject): JsonObject {
  const given = isJsonObject(content) && Array.isArray(content['parts']) ? content['parts'] : []
  const parts = given.filter(isJsonObject).filter(({ thought }) => thought !== true)
  const text = parts.map((part) => stringOf(part['text']) ?? '').join('')
  const calls = parts.flatMap(callOf)
  const message = calls.length === 0 ? { content: text } : { content: text, tool_calls: calls }
  const reason = stringOf(finishReason) ?? ''
  return { message, finish_reason: FILTERS.includes(reason) ? 'content_filter' : (ENDS[reason] ?? null) }
}

/** A call as OpenAI writes it; what the model thought before it comes along, because it wants it back. */
function callOf({ functionCall, thoughtSignature }: JsonObject, index: number): readonly JsonObject[] {
  if (!isJsonObject(functionCall)) return []
  const { args, id, name } = functionCall
  const call = {
    id: stringOf(id) ?? `call_${index}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(args ?? {}) },
  }
  if (typeof thoughtSignature !== 'string') return [call]
  return [{ ...call, extra_content: { google: { thought_signature: thoughtSignature } } }]
}

function vectorBody({ embedding, tokenCount }: JsonObject): JsonObject {
  const values = isJsonObject(embedding) ? embedding['values'] : undefined
  const tokens = Number(tokenCount)
  const usage = tokenCount === undefined || Number.isNaN(tokens) ? {} : { usage: { prompt_tokens: tokens } }
  return { data: [{ embedding: values, index: 0 }], ...usage }
}
