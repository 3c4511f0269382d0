import { isJsonObject, type JsonObject, parseJson, stringOf } from '../../lib/json.ts'
import { digestOf } from '../state/identifier.ts'

/** Reasons to stop, by the word of a chat answer. */
const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
}

/** The message that answers a request, from a chat answer. */
export function messageOf(chat: JsonObject, { model }: { readonly model: string }): JsonObject {
  const choices: readonly unknown[] = Array.isArray(chat['choices']) ? chat['choices'] : []
  const choice = isJsonObject(choices[0]) ? choices[0] : {}
  const message = isJsonObject(choice['message']) ? choice['message'] : {}
  const refusal = stringOf(message['refusal'])
  const reason = refusal === undefined ? (STOP_REASONS[String(choice['finish_reason'])] ?? 'end_turn') : 'refusal'
  return {
    id: `msg_${digestOf(String(chat['id'])).slice(0, 24)}`,
    type: 'message',
    role: 'assistant',
    model,
    content: contentOf(message, refusal),
    stop_reason: reason,
    stop_sequence: null,
    stop_details: reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
    container: null,
    diagnostics: null,
    ...(isJsonObject(chat['usage']) ? { usage: usageOf(chat['usage']) } : {}),
  }
}

function contentOf(message: JsonObject, refusal: string | undefined): readonly JsonObject[] {
  const text = refusal ?? stringOf(message['content']) ?? ''
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'].filter(isJsonObject) : []
  return [...(text === '' ? [] : [{ type: 'text', text, citations: null }]), ...calls.map(toolUse)]
}

function toolUse({ function: called, id }: JsonObject): JsonObject {
  const { arguments: given, name } = isJsonObject(called) ? called : {}
  return {
    type: 'tool_use',
    id: `toolu_${digestOf(String(id)).slice(0, 24)}`,
    name,
    input: parseJson(String(given)),
    caller: { type: 'direct' },
  }
}

/** Nothing is thought here; what the cache has served is told later. */
function usageOf(usage: JsonObject): JsonObject {
  return {
    input_tokens: usage['prompt_tokens'],
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage['completion_tokens'],
    output_tokens_details: { thinking_tokens: 0 },
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: 'not_available',
    speed: null,
  }
}
