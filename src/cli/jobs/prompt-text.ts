import { bytes } from '../render/terminal/quantity.ts'

/** One turn of what a model is asked, for people. */
export interface ShownMessage {
  readonly role: string
  readonly text: string
}

/** What a body asks: its messages as text, or its text; the body itself where it has neither. */
export function promptOf(body: string): string {
  const messages = shownMessages(body)
  if (messages !== null) return messages.map(({ role, text }) => `${role}: ${text}`).join('\n')
  const { input, instructions, prompt, suffix } = JSON.parse(body) as Readonly<Record<string, unknown>>
  const before = typeof instructions === 'string' ? `instructions: ${instructions}\n` : ''
  if (typeof input === 'string') return `${before}${input}`
  if (typeof prompt !== 'string') return body
  return typeof suffix === 'string' ? `${prompt}[…]${suffix}` : prompt
}

/** The turns of a request body, images named by kind and size; null for a body without turns. */
export function shownMessages(body: string): readonly ShownMessage[] | null {
  const { instructions, input, messages } = JSON.parse(body) as Readonly<Record<string, unknown>>
  const turns = messages ?? input
  if (!Array.isArray(turns) || !turns.every(isTurn)) return null
  const before = typeof instructions === 'string' ? [{ role: 'instructions', text: instructions }] : []
  return [...before, ...turns.map(({ role, ...turn }) => ({ role, text: contentText(turn) }))]
}

/** A body's fields besides its turns, as JSON; null where there are none. */
export function parametersOf(body: string): string | null {
  const { input: _input, instructions: _instructions, messages: _messages, model: _model, ...rest } = JSON.parse(body)
  return Object.keys(rest).length === 0 ? null : JSON.stringify(rest)
}

type Turn = Readonly<Record<string, unknown>> & { readonly role: string }

function isTurn(value: unknown): value is Turn {
  return typeof value === 'object' && value !== null && 'role' in value && typeof value.role === 'string'
}

/** What a turn says; what is not content, such as a call of a tool, as the JSON it is. */
function contentText({ content, ...rest }: Readonly<Record<string, unknown>>): string {
  const parts = Array.isArray(content) ? content.map(partText) : content === undefined ? [] : [partText(content)]
  return [...parts, ...(Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)])].join('\n')
}

function partText(part: unknown): string {
  if (typeof part === 'string') return part
  const { image_url: image, text } = (part ?? {}) as Readonly<Record<string, unknown>>
  if (typeof text === 'string') return text
  const url = typeof image === 'object' && image !== null && 'url' in image ? image.url : image
  return typeof url === 'string' ? imageText(url) : JSON.stringify(part)
}

function imageText(url: string): string {
  const [, type = ''] = /^data:([^;,]+);base64,/.exec(url) ?? []
  if (type === '') return `[image ${url}]`
  return `[${type}, ${bytes(Buffer.byteLength(url.slice(url.indexOf(',') + 1), 'base64'))}]`
}
