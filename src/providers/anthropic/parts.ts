import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { refuse } from './no-equivalent.ts'

/** The content of a user's message as blocks, or as the text it is. @throws NoEquivalent for a part without an equivalent */
export function userContent(content: unknown): string | readonly JsonObject[] {
  if (typeof content === 'string') return content.trim() === '' ? refuse('an empty message') : content
  if (!Array.isArray(content)) refuse('a message without content')
  const blocks = content.flatMap(blockOf)
  return blocks.length === 0 ? refuse('an empty message') : blocks
}

/** Text of any message, part by part. @throws NoEquivalent for content other than text */
export function textBlocks(content: unknown, whose: string): readonly JsonObject[] {
  if (typeof content === 'string') return content.trim() === '' ? [] : [{ type: 'text', text: content }]
  if (content === undefined || content === null) return []
  if (!Array.isArray(content)) refuse('a message without content')
  return content.flatMap((part: unknown) => {
    if (!isJsonObject(part)) refuse('a part of a message that is not an object')
    const text = stringOf(part['text'] ?? part['refusal'])
    return text === undefined ? refuse(`anything but text in ${whose}`) : textBlock(text, part)
  })
}

function blockOf(part: unknown): readonly JsonObject[] {
  if (!isJsonObject(part)) refuse('a part of a message that is not an object')
  switch (part['type']) {
    case 'text':
      return textBlock(stringOf(part['text']) ?? refuse('a text that is not one'), part)
    case 'image_url':
      return [imageBlock(part['image_url'])]
    case 'file':
      return [documentBlock(part['file'])]
    default:
      return refuse(`content of type ${JSON.stringify(part['type'] ?? null)}`)
  }
}

/** Empty texts are refused by the API and say nothing. What is to be cached is marked in the API's own words. */
function textBlock(text: string, { cache_control: cached }: JsonObject): readonly JsonObject[] {
  if (text.trim() === '') return []
  return [cached === undefined ? { type: 'text', text } : { type: 'text', text, cache_control: cached }]
}

const IMAGE_TYPES: readonly string[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

function imageBlock(image: unknown): JsonObject {
  const { detail, url } = isJsonObject(image) ? image : { detail: undefined, url: image }
  if (detail !== undefined && detail !== null && detail !== 'auto') refuse('the detail of an image')
  if (typeof url !== 'string') refuse('an image without a URL')
  const inline = inlineData(url)
  if (inline === undefined) return { type: 'image', source: { type: 'url', url } }
  if (!IMAGE_TYPES.includes(inline.media_type)) refuse(`images of type ${inline.media_type}`)
  return { type: 'image', source: { type: 'base64', ...inline } }
}

function documentBlock(file: unknown): JsonObject {
  const { file_data: data, filename } = isJsonObject(file) ? file : {}
  const inline = typeof data === 'string' ? inlineData(data) : undefined
  if (inline === undefined) refuse('a file that is not a data URL with its type')
  if (inline.media_type !== 'application/pdf') refuse(`files of type ${inline.media_type}`)
  const title = stringOf(filename)
  return { type: 'document', source: { type: 'base64', ...inline }, ...(title === undefined ? {} : { title }) }
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.-]+)*;base64,/i

function inlineData(url: string): { readonly media_type: string; readonly data: string } | undefined {
  const [head, type] = DATA_URL.exec(url) ?? []
  if (head === undefined || type === undefined) return undefined
  return { media_type: type.toLowerCase(), data: url.slice(head.length) }
}
