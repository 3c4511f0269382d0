import type { JsonObject } from '../../lib/json.ts'
import type { Target } from '../../model/target.ts'
import type { ShownPart, ShownRequest } from '../../providers/facts.ts'
import { factsOf } from '../../providers/known.ts'
import { bytes } from '../render/terminal/quantity.ts'

/** The part of a request that is shown. */
interface AskedRequest {
  readonly body: string
  readonly target: Pick<Target, 'provider'>
}

/** One turn of what a model is asked, for people. */
interface ShownMessage {
  readonly role: string
  readonly text: string
}

/** What a request asks: its messages as text, or its text; the body itself where it has neither. */
export function promptOf(request: AskedRequest): string {
  const messages = shownMessages(request)
  if (messages !== null) return messages.map(({ role, text }) => `${role}: ${text}`).join('\n')
  return shown(request).text ?? request.body
}

/** The turns of a request, images named by kind and size; null for a body without turns. */
export function shownMessages(request: AskedRequest): readonly ShownMessage[] | null {
  return shown(request).turns?.map(({ parts, role }) => ({ role, text: parts.map(partText).join('\n') })) ?? null
}

/** A body's fields besides its turns, as JSON; null where there are none. */
export function parametersOf(request: AskedRequest): string | null {
  const { parameters } = shown(request)
  return Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters)
}

function shown({ body, target }: AskedRequest): ShownRequest {
  return factsOf(target.provider).shownRequest(JSON.parse(body) as JsonObject)
}

function partText(part: ShownPart): string {
  if (typeof part === 'string') return part
  const url = part.imageUrl
  const [, type = ''] = /^data:([^;,]+);base64,/.exec(url) ?? []
  if (type === '') return `[image ${url}]`
  return `[${type}, ${bytes(Buffer.byteLength(url.slice(url.indexOf(',') + 1), 'base64'))}]`
}
