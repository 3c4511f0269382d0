import { isJsonObject, type JsonObject } from '../lib/json.ts'
/** An image in a request. */
export interface ImagePart {
  readonly url: string
  readonly detail: string | null
}

/** What a model reads of a request body. */
export interface RequestParts {
  readonly texts: readonly string[]
  /** Messages of a conversation, each of which has a few tokens of its own. */
  readonly messages: number
  readonly images: readonly ImagePart[]
  /** Tokens that were given as numbers, as embeddings allow. */
  readonly givenTokens: number
}

/** Fields whose text a model reads, over all endpoints. */
const TEXT_FIELDS = ['messages', 'instructions', 'input', 'inputs', 'prompt', 'suffix'] as const

/** Fields that reach the model as text in a form of the provider's own; counted as the JSON they are. */
const JSON_FIELDS = ['tools', 'functions', 'response_format', 'text'] as const

/** Takes a request body apart. Recordings and files are left out: nobody says how many tokens they have. */
export function requestParts(body: unknown): RequestParts {
  const gathering = new Gathering()
  if (!isJsonObject(body)) return gathering
  for (const field of TEXT_FIELDS) gathering.add(body[field])
  for (const field of JSON_FIELDS) if (body[field] !== undefined) gathering.texts.push(JSON.stringify(body[field]))
  return gathering
}

class Gathering implements RequestParts {
  readonly texts: string[] = []
  readonly images: ImagePart[] = []
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
