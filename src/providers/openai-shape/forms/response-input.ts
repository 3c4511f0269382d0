import { isJsonObject } from '../../../lib/json.ts'
import type { Unsupported } from '../../facts.ts'

/** A message of a chat, with whatever further members. */
type ChatMessage = Readonly<Record<string, unknown>> & { readonly role: string }

/**
 * Messages as the responses endpoint takes them: a system message of the run becomes `instructions`, a single prompt the
 * input itself, and everything else a list of items, whose parts have other names than in chat.
 */
export function responseMembers(json: string, hasSystem: boolean): string | Unsupported {
  const messages = JSON.parse(json) as readonly ChatMessage[]
  const [first, ...rest] = messages
  const instructions = hasSystem && first ? `"instructions":${JSON.stringify(first['content'])},` : ''
  const others = instructions === '' ? messages : rest
  const [only] = others
  if (others.length === 1 && only?.role === 'user' && typeof only['content'] === 'string') {
    return `${instructions}"input":${JSON.stringify(only['content'])}`
  }
  try {
    return `${instructions}"input":${JSON.stringify(others.flatMap(itemsOf))}`
  } catch (error) {
    if (!(error instanceof UnknownPart)) throw error
    return { unsupported: error.message }
  }
}

/** A part of a message that the responses endpoint has no word for; never leaves this file. */
class UnknownPart extends Error {
  constructor(part: unknown) {
    const type = isJsonObject(part) ? part['type'] : undefined
    super(`the responses endpoint does not support content of type ${JSON.stringify(type ?? null)}`)
  }
}

/** A message of the chat endpoint as items: what an assistant called stands beside what it said. */
function itemsOf(message: ChatMessage): readonly object[] {
  const { content, role, tool_calls: calls, tool_call_id: callId } = message
  if (role === 'tool') return [{ type: 'function_call_output', call_id: callId, output: textOf(content) }]
  const called = Array.isArray(calls) ? calls.map(callOf) : []
  if (content === null || content === undefined || content === '') {
    return called.length > 0 ? called : [{ role, content: '' }]
  }
  // What the assistant said earlier is taken as text only.
  const said = role === 'assistant' || typeof content === 'string' ? textOf(content) : partsOf(content)
  return [{ role, content: said }, ...called]
}

function callOf(call: unknown): object {
  if (!isJsonObject(call) || !isJsonObject(call['function'])) throw new UnknownPart(call)
  const { arguments: given, name } = call['function']
  return { type: 'function_call', call_id: call['id'], name, arguments: given }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw new UnknownPart(content)
  return content.map(partText).join('')
}

function partText(part: unknown): string {
  const text = isJsonObject(part) ? (part['text'] ?? part['refusal']) : undefined
  if (typeof text === 'string') return text
  throw new UnknownPart(part)
}

function partsOf(content: unknown): readonly object[] {
  if (!Array.isArray(content)) throw new UnknownPart(content)
  return content.map(partOf)
}

function partOf(part: unknown): object {
  if (!isJsonObject(part)) throw new UnknownPart(part)
  switch (part['type']) {
    case 'text':
      return { type: 'input_text', text: part['text'] }
    case 'image_url':
      return imageOf(part['image_url'])
    case 'file':
      return { type: 'input_file', ...(part['file'] as object) }
    case 'input_text':
    case 'input_image':
    case 'input_file':
      return part
    default:
      throw new UnknownPart(part)
  }
}

/** Chat says `image_url: { url, detail }`, or a bare URL. */
function imageOf(image: unknown): object {
  const { url, detail } = isJsonObject(image) ? image : { url: image, detail: undefined }
  return { type: 'input_image', image_url: url, detail: detail ?? 'auto' }
}
