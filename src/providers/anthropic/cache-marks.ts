import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { CACHE_PREFIX_FIELD } from '../../log/cache-prefix.ts'
import { refuse } from './no-equivalent.ts'

/** Kept for an hour from its last use: a batch may be worked on later than in five minutes (guide on batches, 2026-11-22). */
const MARK = { type: 'ephemeral', ttl: '1h' } as const

/** The messages of a body with a mark at the end of what it shares. @throws NoEquivalent for a prefix of another shape */
export function markedMessages(messages: unknown, prefix: unknown): unknown {
  if (prefix === undefined || !Array.isArray(messages)) return messages
  const { characters, messages: whole } = isJsonObject(prefix) ? prefix : {}
  if (!isCount(characters) || !isCount(whole)) refuse(`such a ${CACHE_PREFIX_FIELD}`)
  const at = characters > 0 ? whole : whole - 1
  return messages.map((message: unknown, index) => {
    if (index !== at || !isJsonObject(message)) return message
    return { ...message, content: marked(partsOf(message['content']), characters) }
  })
}

/** The first text marked and cut after so many characters, or the last one marked as it is. */
function marked(parts: readonly JsonObject[], characters: number): readonly JsonObject[] {
  const [first, ...others] = parts
  if (characters === 0 || typeof first?.['text'] !== 'string') {
    return parts.map((part, index) => (index === parts.length - 1 ? { ...part, cache_control: MARK } : part))
  }
  const text = first['text']
  return [
    { ...first, text: text.slice(0, characters), cache_control: MARK },
    { ...first, text: text.slice(characters) },
    ...others,
  ]
}

function partsOf(content: unknown): readonly JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isJsonObject) : []
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
