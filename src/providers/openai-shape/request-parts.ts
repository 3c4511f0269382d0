import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { ImagePart, RequestParts } from '../facts.ts'

/** Fields whose text a model reads, over all endpoints. */
const TEXT_FIELDS = ['system', 'messages', 'instructions', 'input', 'inputs', 'prompt', 'suffix'] as const

/** Fields that reach the model as text in a form of the provider's own; counted as the JSON they are. */
const JSON_FIELDS = ['tools', 'functions', 'response_format', 'text'] as const

/** Tokens around each message of a conversation, and before the answer (OpenAI's cookbook on counting tokens). */
const MESSAGE_TOKENS = 4
const ANSWER_TOKENS = 3

/** Marks of a line that holds more than text; base64 would be counted as words. */
const IMAGE_MARK = Buffer.from('"image_url"')
const MEDIA_MARKS = ['"input_audio"', '"file_data"'].map((mark) => Buffer.from(mark))

/** A recording or a file makes a line longer than this; shorter ones are searched for images only, to save the time. */
const SHORTEST_MEDIA_BYTES = 8_192

/** Takes a request body apart. Recordings and files are left out: no provider says how many tokens they have. */
export function requestParts(body: JsonObject): RequestParts {
  const gathering = new Gathering()
  for (const field of TEXT_FIELDS) gathering.add(body[field])
  for (const field of JSON_FIELDS) if (body[field] !== undefined) gathering.texts.push(JSON.stringify(body[field]))
  const { givenTokens, images, messages, texts } = gathering
  const otherTokens = givenTokens + (messages === 0 ? 0 : messages * MESSAGE_TOKENS + ANSWER_TOKENS)
  return { texts, images, otherTokens, isCutToFit: body['truncation'] === 'auto' }
}

/** True for a line that holds images, or is long and holds recordings or files. */
export function hasMedia(line: Uint8Array): boolean {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.length)
  if (bytes.includes(IMAGE_MARK)) return true
  return line.length >= SHORTEST_MEDIA_BYTES && MEDIA_MARKS.some((mark) => bytes.includes(mark))
}

class Gathering {
  readonly texts: string[] = []
  readonly images: ImagePart[] = []
  /** Messages of a conversation. */
  messages = 0
  givenTokens = 0

  add(value: unknown): void {
    if (typeof value === 'string') this.texts.push(value)
    else if (typeof value === 'number') this.givenTokens += 1
    else if (Array.isArray(value)) for (const element of value) this.add(element)
    else if (isJsonObject(value)) this.#addObject(value)
  }

  #addObject(part: JsonObject): void {
    if (typeof part['role'] === 'string') this.messages += 1
    const image = imageOf(part)
    if (image) this.images.push(image)
    this.add(part['content'] ?? part['text'] ?? part['messages'])
    if (Array.isArray(part['tool_calls'])) this.texts.push(JSON.stringify(part['tool_calls']))
  }
}

/** Chat says `image_url: { url, detail }`, or a bare URL at Mistral; responses say `image_url` and `detail` side by side. */
function imageOf(part: JsonObject): ImagePart | undefined {
  const image = part['image_url']
  const [url, detail] = isJsonObject(image) ? [image['url'], image['detail']] : [image, part['detail']]
  if (typeof url !== 'string') return undefined
  return { url, detail: typeof detail === 'string' ? detail : null }
}
