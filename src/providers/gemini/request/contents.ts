import { isJsonObject, type JsonObject } from '../../../lib/json.ts'
import { refuse } from './no-equivalent.ts'
import { partsOf, textParts } from './parts.ts'
import { callsOf, responseTo } from './tool-turns.ts'

/** A turn as Gemini takes it. */
interface Content {
  readonly role: 'user' | 'model'
  readonly parts: readonly JsonObject[]
}

/** Conversation as Gemini takes it: what the system says stands apart from the turns. */
export interface Conversation {
  readonly contents: readonly Content[]
  readonly systemInstruction?: { readonly parts: readonly JsonObject[] }
}

const SYSTEM: readonly unknown[] = ['system', 'developer']

/**
 * The messages of a chat as contents. System messages at the beginning become the system instruction; turns of one role
 * that follow each other become one, as the API takes them.
 * @throws NoEquivalent for a system message between turns, a role or a part that has no equivalent, and no turn at all
 */
export function conversationOf(messages: unknown): Conversation {
  if (!Array.isArray(messages)) refuse('a body without messages')
  const given = messages.filter((message): message is JsonObject => isJsonObject(message) || refuse('such a message'))
  const first = given.findIndex(({ role }) => !SYSTEM.includes(role))
  if (first < 0) refuse('a conversation without a turn of the user')
  const turns = given.slice(first)
  if (turns.some(({ role }) => SYSTEM.includes(role))) refuse('a system message between the turns of a conversation')
  const system = given.slice(0, first).flatMap(({ content }) => textParts(content))
  const contents = joined(turns.map((turn, index) => contentOf(turn, turns.slice(0, index))))
  return system.length === 0 ? { contents } : { contents, systemInstruction: { parts: system } }
}

function contentOf(turn: JsonObject, before: readonly JsonObject[]): Content {
  const { content, role, tool_calls: calls } = turn
  switch (role) {
    case 'user':
      return { role: 'user', parts: partsOf(content) }
    case 'assistant': {
      const said = content === null || content === undefined ? [] : textParts(content)
      const called = callsOf(calls)
      const isSilent = called.length > 0 && said.every(({ text }) => text === '')
      return { role: 'model', parts: isSilent ? called : [...said, ...called] }
    }
    case 'tool':
      return { role: 'user', parts: [responseTo(turn, before)] }
    default:
      return refuse(`messages of the role ${JSON.stringify(role ?? null)}`)
  }
}

function joined(contents: readonly Content[]): readonly Content[] {
  const turns: Content[] = []
  for (const content of contents) {
    const last = turns.at(-1)
    if (last?.role === content.role) turns[turns.length - 1] = { ...last, parts: [...last.parts, ...content.parts] }
    else turns.push(content)
  }
  return turns
}
