import type { ImageDetail } from '../../model/run.ts'
import type { MessageParts } from '../../providers/facts.ts'
import type { ChatMessage } from '../messages/message-json.ts'
import type { MessagesOf } from '../messages/row-messages.ts'
import { type ImageSettings, imagesOf } from './images.ts'

/** Options of putting the images of a row into its messages. */
export interface ImageOptions extends ImageSettings {
  readonly detail: ImageDetail | null
  readonly form: MessageParts
}

/** Adds the images of each row to the last message of its user, behind the text; where there is none, as a message. */
export function withImages(messagesOf: MessagesOf, options: ImageOptions): MessagesOf {
  const { detail, form } = options
  return async (row) => {
    const messages = await messagesOf(row)
    if ('problems' in messages) return messages
    const images = await imagesOf(row, options)
    if ('problems' in images) return images
    const parts = images.urls.map((url) => form.image(url, detail))
    return { json: insert(messages.json, parts, form), isEmpty: messages.isEmpty }
  }
}

function insert(json: string, images: readonly string[], form: MessageParts): string {
  const messages = JSON.parse(json) as readonly ChatMessage[]
  const asked = messages.findLastIndex(({ role }) => role === 'user')
  const all = asked < 0 ? [...messages, { role: 'user', content: '' }] : messages
  const at = asked < 0 ? messages.length : asked
  return `[${all.map((message, index) => (index === at ? extend(message, images, form) : JSON.stringify(message))).join()}]`
}

function extend({ content, ...fields }: ChatMessage, images: readonly string[], form: MessageParts): string {
  const parts = [...partsOf(content, form), ...images]
  return `${JSON.stringify(fields).slice(0, -1)},"content":[${parts.join()}]}`
}

function partsOf(content: unknown, form: MessageParts): readonly string[] {
  if (typeof content === 'string') return content === '' ? [] : [form.text(content)]
  return Array.isArray(content) ? content.map((part) => JSON.stringify(part)) : []
}
