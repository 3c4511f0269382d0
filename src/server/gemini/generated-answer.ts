import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'

/** The words with which a candidate ends, by those of a chat answer. */
const FINISH_REASONS: Readonly<Record<string, string>> = {
  stop: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
}

/** A chat answer as an answer of generateContent. */
export function generatedAnswer(chat: JsonObject, model: string): JsonObject {
  const { choices, usage } = chat
  // An answer of no shape, as a test may ask for, stays one.
  if (!Array.isArray(choices)) return chat
  const counted = isJsonObject(usage) ? { usageMetadata: usageOf(usage) } : {}
  return { candidates: choices.filter(isJsonObject).map(candidateOf), ...counted, modelVersion: model }
}

function candidateOf({ finish_reason: reason, index, message }: JsonObject): JsonObject {
  const said = isJsonObject(message) ? message : {}
  const calls = Array.isArray(said['tool_calls']) ? said['tool_calls'].filter(isJsonObject) : []
  const text = stringOf(said['content']) ?? stringOf(said['refusal']) ?? ''
  const parts = calls.length === 0 ? (text === '' ? [] : [{ text }]) : calls.map(callPart)
  // A candidate that wrote nothing has a content without parts, and one that was filtered none at all.
  const content = parts.length === 0 ? { role: 'model' } : { role: 'model', parts }
  const finishReason = FINISH_REASONS[stringOf(reason) ?? ''] ?? 'OTHER'
  return finishReason === 'SAFETY' ? { finishReason, index } : { content, finishReason, index }
}

function callPart(call: JsonObject): JsonObject {
  const { arguments: given, name } = isJsonObject(call['function']) ? call['function'] : {}
  const args: unknown = JSON.parse(stringOf(given) ?? '{}')
  return { functionCall: { id: call['id'], name, args } }
}

function usageOf({ completion_tokens: answered, prompt_tokens: asked, total_tokens: all }: JsonObject): JsonObject {
  return { promptTokenCount: asked, candidatesTokenCount: answered, totalTokenCount: all }
}
