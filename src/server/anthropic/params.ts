import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { type ApiError, usualError } from '../simulate/provider-error.ts'
import { samplingFlaw } from './sampling.ts'
import { keptFlaw } from './strict-version.ts'

/** Parameters that no request of a batch may have, and that a synchronous call of the server does not take either. */
const REFUSED = ['speed', 'store', 'previous_thread_event_id', 'cache_hint', 'context_hint', 'fallbacks'] as const

/** Fields of a chat body that these requests do not have: the API refuses what it does not know. */
const UNKNOWN = ['response_format', 'max_completion_tokens', 'stop', 'n', 'seed', 'user', 'reasoning_effort'] as const

/** The params of a request as a chat body, or why the API refuses them. */
export function chatOf(
  params: JsonObject,
  model: string,
): { readonly chat: JsonObject } | { readonly refused: ApiError } {
  const flaw = flawOf(params, model)
  if (flaw !== undefined) return { refused: { ...usualError(model.startsWith('no-such-') ? 404 : 400), message: flaw } }
  const { max_tokens, messages, output_config: output, system, tool_choice: choice, tools } = params
  const turns = Array.isArray(messages) ? messages.filter(isJsonObject).flatMap(turnsOf) : []
  const format = isJsonObject(output) && isJsonObject(output['format']) ? output['format'] : undefined
  return {
    chat: {
      model,
      messages: system === undefined ? turns : [{ role: 'system', content: textOf(system) }, ...turns],
      max_tokens,
      ...(format ? { response_format: { type: 'json_schema', json_schema: { schema: format['schema'] } } } : {}),
      ...(Array.isArray(tools) ? { tools: tools.filter(isJsonObject).map(toolOf) } : {}),
      ...(isJsonObject(choice) ? { tool_choice: choiceOf(choice) } : {}),
    },
  }
}

function flawOf(params: JsonObject, model: string): string | undefined {
  const { max_tokens: most, messages, output_config: output, system } = params
  if (model.startsWith('no-such-')) return `model: ${model}`
  if (most === undefined) return 'max_tokens: Field required'
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 1) {
    return 'max_tokens: Input should be greater than or equal to 1'
  }
  if (!Array.isArray(messages)) return 'messages: Field required'
  if (messages.length === 0) return 'messages: at least one message is required'
  const refused = REFUSED.find((field) => params[field] !== undefined)
  if (refused !== undefined) return `${refused}: not supported in a batch`
  const unknown = UNKNOWN.find((field) => params[field] !== undefined)
  if (unknown !== undefined) return `${unknown}: Extra inputs are not permitted`
  if (system !== undefined && typeof system !== 'string' && !Array.isArray(system)) {
    return 'system: Input should be a valid string or list'
  }
  return keptFlaw(params) ?? messagesFlaw(messages) ?? samplingFlaw(params, model) ?? formatFlaw(output)
}

function messagesFlaw(messages: readonly unknown[]): string | undefined {
  for (const [index, message] of messages.entries()) {
    if (!isJsonObject(message)) return `messages.${index}: Input should be an object`
    const { content, role } = message
    if (role !== 'user' && role !== 'assistant') {
      return `messages.${index}.role: Input should be 'user' or 'assistant', not '${String(role)}'`
    }
    if (index === 0 && role !== 'user') return 'messages: first message must use the "user" role'
    if (typeof content === 'string' ? content.trim() === '' : !Array.isArray(content) || content.length === 0) {
      return `messages.${index}: all messages must have non-empty content`
    }
    const flaw = Array.isArray(content) ? blocksFlaw(content, index) : undefined
    if (flaw !== undefined) return flaw
  }
  return undefined
}

const BLOCKS: readonly unknown[] = [
  'text',
  'image',
  'document',
  'tool_use',
  'tool_result',
  'thinking',
  'redacted_thinking',
]

function blocksFlaw(blocks: readonly unknown[], index: number): string | undefined {
  const place = `messages.${index}.content`
  for (const block of blocks) {
    if (!isJsonObject(block) || !BLOCKS.includes(block['type']))
      return `${place}: Input tag does not match an expected tag`
    if (block['type'] === 'text' && (stringOf(block['text']) ?? '').trim() === '') {
      return `${place}: text content blocks must be non-empty`
    }
    if (block['type'] === 'image' && !isJsonObject(block['source'])) return `${place}.image.source: Field required`
    if (block['type'] === 'tool_use' && !isJsonObject(block['input'])) return `${place}.tool_use.input: Field required`
  }
  return undefined
}

/** Objects of a schema must be closed. */
function formatFlaw(output: unknown): string | undefined {
  const format = isJsonObject(output) ? output['format'] : undefined
  if (!isJsonObject(format)) return undefined
  if (format['type'] !== 'json_schema' || !isJsonObject(format['schema'])) return 'output_config.format: Field required'
  return isClosed(format['schema'])
    ? undefined
    : "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
}

function isClosed(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isClosed)
  if (!isJsonObject(value)) return true
  if (value['type'] === 'object' && value['additionalProperties'] !== false) return false
  return Object.values(value).every(isClosed)
}

/** A turn as messages of a chat: results of tools stand by themselves there. */
function turnsOf({ content, role }: JsonObject): readonly JsonObject[] {
  if (!Array.isArray(content)) return [{ role, content }]
  const blocks = content.filter(isJsonObject)
  const results = blocks
    .filter(({ type }) => type === 'tool_result')
    .map((block) => ({ role: 'tool', tool_call_id: block['tool_use_id'], content: textOf(block['content']) }))
  const parts = blocks.flatMap(partOf)
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(callOf)
  if (parts.length === 0 && calls.length === 0) return results
  return [...results, { role, content: parts, ...(calls.length > 0 ? { tool_calls: calls } : {}) }]
}

function partOf(block: JsonObject): readonly JsonObject[] {
  const { source, text, type } = block
  if (type === 'text') return [{ type, text }]
  if (type !== 'image' || !isJsonObject(source)) return []
  const inline = `data:${stringOf(source['media_type']) ?? ''};base64,${stringOf(source['data']) ?? ''}`
  const url = source['type'] === 'url' ? source['url'] : inline
  return [{ type: 'image_url', image_url: { url } }]
}

function callOf({ id, input, name }: JsonObject): JsonObject {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((block: unknown) => (isJsonObject(block) ? (stringOf(block['text']) ?? '') : '')).join('\n')
}

function toolOf({ description, input_schema: parameters, name }: JsonObject): JsonObject {
  return { type: 'function', function: { name, description, parameters } }
}

function choiceOf({ name, type }: JsonObject): unknown {
  if (type === 'tool') return { type: 'function', function: { name } }
  return type === 'any' ? 'required' : type
}
