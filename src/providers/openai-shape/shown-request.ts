import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { ShownPart, ShownRequest, ShownTurn } from '../facts.ts'

/** A body as people read it: its turns, or its text, and the fields besides. */
export function shownRequest(body: JsonObject): ShownRequest {
  const { input, instructions, messages, model: _model, ...parameters } = body
  const turns = messages ?? input
  const before = typeof instructions === 'string' ? [instructions] : []
  if (!Array.isArray(turns) || !turns.every(isTurn)) return { turns: null, text: textOf(body, before), parameters }
  const first = before.map((text) => ({ role: 'instructions', parts: [text] }))
  return { turns: [...first, ...turns.map(shownTurn)], text: null, parameters }
}

function textOf({ input, prompt, suffix }: JsonObject, instructions: readonly string[]): string | null {
  if (typeof input === 'string') return [...instructions.map((text) => `instructions: ${text}`), input].join('\n')
  if (typeof prompt !== 'string') return null
  return typeof suffix === 'string' ? `${prompt}[…]${suffix}` : prompt
}

type Turn = JsonObject & { readonly role: string }

function isTurn(value: unknown): value is Turn {
  return isJsonObject(value) && typeof value['role'] === 'string'
}

/** What a turn says; what is not content, such as a call of a tool, as the JSON it is. */
function shownTurn({ content, role, ...rest }: Turn): ShownTurn {
  const parts = Array.isArray(content) ? content.map(shownPart) : content === undefined ? [] : [shownPart(content)]
  return { role, parts: [...parts, ...(Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)])] }
}

function shownPart(part: unknown): ShownPart {
  if (typeof part === 'string') return part
  const { image_url: image, text } = isJsonObject(part) ? part : {}
  if (typeof text === 'string') return text
  const url = isJsonObject(image) ? image['url'] : image
  return typeof url === 'string' ? { imageUrl: url } : JSON.stringify(part)
}
