import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { firstOf, modelOf, type SimulatedAnswer, type Words } from './answer.ts'

/** What a response repeats of its request, with what the API puts where the request says nothing. */
const REPEATED: JsonObject = {
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  service_tier: 'default',
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
}

/** The body of `/v1/responses`. */
export function responseBody(answer: SimulatedAnswer): JsonObject {
  const words = firstOf(answer)
  const isCut = words.ending === 'length' || words.ending === 'content_filter'
  const status = isCut ? 'incomplete' : 'completed'
  return {
    id: `resp_${answer.digest.slice(0, 32)}`,
    object: 'response',
    created_at: answer.createdAt,
    status,
    incomplete_details: isCut ? { reason: words.ending === 'length' ? 'max_output_tokens' : 'content_filter' } : null,
    error: null,
    model: modelOf(answer),
    output: [{ ...outputItem(answer, words), status }],
    usage: {
      input_tokens: answer.inputTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: answer.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: answer.inputTokens + answer.outputTokens,
    },
    ...repeated(answer.request),
  }
}

function outputItem({ digest }: SimulatedAnswer, { ending, text, toolCall }: Words): JsonObject {
  if (toolCall) {
    return {
      type: 'function_call',
      id: `fc_${digest.slice(0, 24)}`,
      call_id: `call_${digest.slice(0, 16)}`,
      ...toolCall,
    }
  }
  const part =
    ending === 'refusal'
      ? { type: 'refusal', refusal: text }
      : { type: 'output_text', text, annotations: [], logprobs: [] }
  return { type: 'message', id: `msg_${digest.slice(0, 24)}`, role: 'assistant', content: [part] }
}

function repeated(request: JsonObject): JsonObject {
  const entries = Object.entries(REPEATED).map(([name, standard]) => [name, request[name] ?? standard])
  const tools = Array.isArray(request['tools']) ? request['tools'].map(completeTool) : []
  return { ...Object.fromEntries(entries), tools }
}

/** A function without `strict` is strict at this endpoint. */
function completeTool(tool: unknown): unknown {
  if (!isJsonObject(tool) || tool['type'] !== 'function') return tool
  return { parameters: null, strict: true, ...tool }
}
