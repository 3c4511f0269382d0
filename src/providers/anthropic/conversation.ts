import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { modelTraits } from './models.ts'
import { refuse } from './no-equivalent.ts'
import { textBlocks, userContent } from './parts.ts'

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: string | readonly JsonObject[]
}

/** A conversation as Anthropic takes it: what the system says stands apart from the turns. */
export interface Conversation {
  readonly system?: string | readonly JsonObject[]
  readonly messages: readonly Turn[]
}

const SYSTEM: readonly unknown[] = ['system', 'developer']

/**
 * The messages of a chat: those of the system at the beginning become `system`, the answers of tools a turn of the user.
 * @throws NoEquivalent for a system message between turns, a role or part without an equivalent, and what the model refuses
 */
export function conversationOf(messages: unknown, model: string): Conversation {
  if (!Array.isArray(messages)) refuse('messages that are not a list')
  const given = messages.map((message: unknown) => (isJsonObject(message) ? message : refuse('such a message')))
  const first = given.findIndex(({ role }) => !SYSTEM.includes(role))
  if (first < 0) refuse('a conversation without a turn of the user')
  const turns = joined(given.slice(first).flatMap(turnOf))
  if (turns[0]?.role !== 'user') refuse('a conversation that does not begin with the user')
  if (turns.at(-1)?.role === 'assistant' && !modelTraits(model).goesOnFromBeginning) {
    refuse('a conversation that ends with the assistant', model)
  }
  const system = systemOf(given.slice(0, first))
  return system === undefined ? { messages: turns } : { system, messages: turns }
}

/** Plain texts are joined by a line break, as the API's own layer for OpenAI's clients does it. */
function systemOf(messages: readonly JsonObject[]): string | readonly JsonObject[] | undefined {
  const blocks = messages.flatMap(({ content }) => textBlocks(content, 'a system message'))
  if (blocks.length === 0) return undefined
  const isPlain = blocks.every(({ cache_control: cached }) => cached === undefined)
  return isPlain ? blocks.map(({ text }) => String(text)).join('\n') : blocks
}

function turnOf(message: JsonObject): readonly Turn[] {
  const { content, role, tool_call_id: callId, tool_calls: calls } = message
  switch (role) {
    case 'user':
      return [{ role, content: userContent(content) }]
    case 'assistant': {
      const made = Array.isArray(calls) ? calls.map(toolUse) : []
      // An assistant that said nothing and called nothing leaves no trace: the API refuses an empty turn.
      const blocks = [...textBlocks(content, 'what the assistant said'), ...made]
      if (blocks.length === 0) return []
      return [{ role, content: typeof content === 'string' && made.length === 0 ? content : blocks }]
    }
    case 'tool':
      if (typeof callId !== 'string') refuse('the answer of a tool without the id of its call')
      return [{ role: 'user', content: [toolResult(callId, content)] }]
    default:
      if (SYSTEM.includes(role)) refuse('a system message between the turns of a conversation')
      return refuse(`messages of the role ${JSON.stringify(role ?? null)}`)
  }
}

function toolUse(call: unknown): JsonObject {
  const called = isJsonObject(call) && isJsonObject(call['function']) ? call['function'] : {}
  const { arguments: given, name } = called
  if (!isJsonObject(call) || typeof call['id'] !== 'string' || typeof name !== 'string') {
    refuse('a call of a tool without an id and a name')
  }
  const input = objectIn(given)
  if (input === undefined) refuse(`the arguments of ${name}, which are not a JSON object`)
  return { type: 'tool_use', id: call['id'], name, input }
}

function toolResult(id: string, content: unknown): JsonObject {
  const blocks = textBlocks(content, 'the answer of a tool')
  if (typeof content === 'string') return { type: 'tool_result', tool_use_id: id, content }
  return { type: 'tool_result', tool_use_id: id, content: blocks }
}

/** Results of tools go into one turn with each other and with what the user says next. */
function joined(turns: readonly Turn[]): readonly Turn[] {
  const kept: Turn[] = []
  for (const turn of turns) {
    const last = kept.at(-1)
    if (last?.role === 'user' && turn.role === 'user' && hasResult(last)) {
      kept[kept.length - 1] = { role: 'user', content: [...blocksOf(last), ...blocksOf(turn)] }
    } else kept.push(turn)
  }
  return kept
}

function hasResult({ content }: Turn): boolean {
  return typeof content !== 'string' && content.some(({ type }) => type === 'tool_result')
}

function blocksOf({ content }: Turn): readonly JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

/** The object that a text holds as JSON; undefined for any other text. */
function objectIn(text: unknown): JsonObject | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Text that is not JSON is one of the two answers.
    return undefined
  }
}
