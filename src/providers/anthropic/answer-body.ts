import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'

/** Reasons to stop, in the words of a chat answer. */
const ENDS: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

/** A message in the shape of a chat answer: its texts, its calls, why it stopped, and what it used. */
export function answerBody(message: unknown): unknown {
  if (!isJsonObject(message) || !Array.isArray(message['content'])) return message
  const { content, model, stop_reason: reason, usage } = message
  const blocks = content.filter(isJsonObject)
  const text = blocks.map((block) => (block['type'] === 'text' ? (stringOf(block['text']) ?? '') : '')).join('')
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(callOf)
  const said = calls.length === 0 ? { content: text } : { content: text, tool_calls: calls }
  const finish = ENDS[stringOf(reason) ?? ''] ?? reason ?? null
  return { model, choices: [{ message: said, finish_reason: finish }], ...usageIn(usage) }
}

/** Why an answer is not one although it came: the provider paused it and waits to be asked to go on. */
export function oddEnding(message: unknown): { readonly code: string; readonly message: string } | undefined {
  if (!isJsonObject(message) || message['stop_reason'] !== 'pause_turn') return undefined
  return { code: 'pause_turn', message: 'the model paused its turn while it used tools of the provider' }
}

function callOf({ id, input, name }: JsonObject): JsonObject {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } }
}

/**
 * Input without what was cached, and both kinds of cached input, are told apart; together they are the prompt. What was
 * written without saying for how long counts as written for an hour, which is dearer.
 */
function usageIn(usage: unknown): JsonObject {
  if (!isJsonObject(usage)) return {}
  const { cache_creation_input_tokens: written, cache_read_input_tokens: read, input_tokens: input } = usage
  const kept = isJsonObject(usage['cache_creation']) ? usage['cache_creation'] : {}
  const details = isJsonObject(usage['output_tokens_details']) ? usage['output_tokens_details'] : {}
  return {
    usage: {
      prompt_tokens: typeof input === 'number' ? input + count(written) + count(read) : input,
      completion_tokens: usage['output_tokens'],
      prompt_tokens_details: {
        cached_tokens: read,
        cache_write_tokens: written,
        cache_write_hour_tokens: kept['ephemeral_1h_input_tokens'] ?? written,
      },
      completion_tokens_details: { reasoning_tokens: details['thinking_tokens'] },
    },
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
