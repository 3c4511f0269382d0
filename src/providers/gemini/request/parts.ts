import { isJsonObject, type JsonObject } from '../../../lib/json.ts'
import { refuse } from './no-equivalent.ts'

/** Text as parts. @throws NoEquivalent for content other than text */
export function textParts(content: unknown): readonly JsonObject[] {
  if (typeof content === 'string') return [{ text: content }]
  if (!Array.isArray(content)) refuse('a message without content')
  return content.map((part: unknown) => {
    const text = isJsonObject(part) ? (part['text'] ?? part['refusal']) : undefined
    return typeof text === 'string' ? { text } : refuse('a message of this role with anything but text')
  })
}

/** The content of a user's message as parts. @throws NoEquivalent for a part without an equivalent */
export function partsOf(content: unknown): readonly JsonObject[] {
  if (typeof content === 'string') return [{ text: content }]
  if (!Array.isArray(content)) refuse('a message without content')
  return content.map(partOf)
}

function partOf(part: unknown): JsonObject {
  if (!isJsonObject(part)) refuse('a part of a message that is not an object')
  switch (part['type']) {
    case 'text':
      return typeof part['text'] === 'string' ? { text: part['text'] } : refuse('a text that is not one')
    case 'image_url':
      return imageOf(part['image_url'])
    case 'input_audio':
      return audioOf(part['input_audio'])
    case 'file':
      return fileOf(part['file'])
    default:
      return refuse(`content of type ${JSON.stringify(part['type'] ?? null)}`)
  }
}

function imageOf(image: unknown): JsonObject {
  const { detail, url } = isJsonObject(image) ? image : { detail: undefined, url: image }
  if (detail !== undefined && detail !== null && detail !== 'auto') refuse('the detail of an image')
  return typeof url === 'string' ? linked(url, 'images') : refuse('an image without a URL')
}

function audioOf(audio: unknown): JsonObject {
  const { data, format } = isJsonObject(audio) ? audio : {}
  if (typeof data !== 'string' || typeof format !== 'string') refuse('a recording without data or format')
  return { inlineData: { mimeType: `audio/${format}`, data } }
}

function fileOf(file: unknown): JsonObject {
  const { file_data: data, file_id: id } = isJsonObject(file) ? file : {}
  if (typeof data === 'string') return inlineOf(data) ?? refuse('a file that is not a data URL with its type')
  return typeof id === 'string' ? linked(id, 'files') : refuse('a file without data')
}

/** A file of the Files API, by the URI that the API gave it. */
const STORED = /^https:\/\/generativelanguage\.googleapis\.com\/v1beta\/files\/[\w-]+$/

/** Pages of the web are read by some models only, so what lies there has to be given itself. */
function linked(url: string, what: string): JsonObject {
  const inline = inlineOf(url)
  if (inline) return inline
  return STORED.test(url) ? { fileData: { fileUri: url } } : refuse(`${what} by a URL of the web; give the file itself`)
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.-]+)*;base64,/i

function inlineOf(url: string): JsonObject | undefined {
  const [head, mimeType] = DATA_URL.exec(url) ?? []
  return head === undefined ? undefined : { inlineData: { mimeType, data: url.slice(head.length) } }
}
