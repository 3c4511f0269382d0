import type { MessageRole } from '../../model/run.ts'

/** One message of a conversation, in the shape that OpenAI and Mistral share. */
export interface ChatMessage {
  readonly role: string
  readonly [field: string]: unknown
}

/** A message as JSON text. */
export function message(role: MessageRole, text: string): string {
  return `{"role":"${role}","content":${JSON.stringify(text)}}`
}

/** True for the roles that instruct the model; newer models say `developer`. */
export function isSystem(role: string): boolean {
  return role === 'system' || role === 'developer'
}

/** True for messages, as JSON text or as a list, of which one instructs the model. */
export function hasSystem(messages: string | readonly ChatMessage[]): boolean {
  const list = typeof messages === 'string' ? (JSON.parse(messages) as readonly ChatMessage[]) : messages
  return list.some(({ role }) => isSystem(role))
}

/** What is wrong with messages; undefined where nothing is. */
export function flawIn(messages: unknown): string | undefined {
  if (messages === undefined) return 'absent'
  if (!Array.isArray(messages)) return 'not a list'
  if (messages.length === 0) return 'an empty list'
  const bad = messages.findIndex((entry: unknown) => !isMessage(entry))
  return bad < 0 ? undefined : `a list whose entry ${bad + 1} is not an object with a "role"`
}

function isMessage(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && 'role' in entry && typeof entry.role === 'string'
}
