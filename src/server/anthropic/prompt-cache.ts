import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { CacheUse } from '../prompt-caches.ts'
import { tokensOf } from '../simulate/prompt.ts'
import { digestOf } from '../state/identifier.ts'

const HOUR_MS = 3_600_000
const USUAL_LIFE_MS = 300_000

/** A beginning of a request that a mark ends. */
interface MarkedBeginning {
  readonly key: string
  readonly tokens: number
  readonly lifeMs: number
}

/**
 * The answer to a request with what was read from and written to the cache: the longest marked beginning that a batch which
 * has ended, or a call, has written is read; what is marked beyond it is written. Too short ones are neither.
 */
export function withCacheUsage(answer: JsonObject, use: CacheUse): JsonObject {
  const { usage } = answer
  if (!isJsonObject(usage)) return answer
  const marked = markedBeginnings(use.body, use.model).filter(({ tokens }) => tokens >= leastTokens(use.model))
  const readable = marked.findLast(({ key }) => use.caches.isReadable(key, use))
  const last = marked.at(-1)
  if (!last) return answer
  const read = readable?.tokens ?? 0
  if (readable) use.caches.keep(readable.key, use, readable.lifeMs)
  const written = last.tokens - read
  if (written > 0) use.caches.keep(last.key, use, last.lifeMs)
  const isForHour = last.lifeMs === HOUR_MS
  const all = typeof usage['input_tokens'] === 'number' ? usage['input_tokens'] : 0
  return {
    ...answer,
    usage: {
      ...usage,
      input_tokens: Math.max(0, all - read - written),
      cache_creation_input_tokens: written,
      cache_read_input_tokens: read,
      cache_creation: {
        ephemeral_5m_input_tokens: isForHour ? 0 : written,
        ephemeral_1h_input_tokens: isForHour ? written : 0,
      },
    },
  }
}

/** The beginnings that the marks of a request end, shortest first: tools, system and messages are one text. */
function markedBeginnings({ messages, system, tools }: JsonObject, model: string): readonly MarkedBeginning[] {
  const found: MarkedBeginning[] = []
  let text = ''
  let identity = `${model} ${JSON.stringify(tools ?? null)}`
  for (const [role, block] of [...blocksOf('system', system), ...turnsOf(messages)]) {
    const { cache_control: mark, ...content } = block
    identity += ` ${role} ${JSON.stringify(content)}`
    text += typeof content['text'] === 'string' ? content['text'] : ''
    if (!isJsonObject(mark)) continue
    const lifeMs = mark['ttl'] === '1h' ? HOUR_MS : USUAL_LIFE_MS
    found.push({ key: digestOf(identity), tokens: tokensOf(text), lifeMs })
  }
  return found
}

type RoleBlock = readonly [role: string, block: JsonObject]

function turnsOf(messages: unknown): readonly RoleBlock[] {
  if (!Array.isArray(messages)) return []
  return messages.filter(isJsonObject).flatMap(({ content, role }) => blocksOf(String(role), content))
}

function blocksOf(role: string, content: unknown): readonly RoleBlock[] {
  if (typeof content === 'string') return [[role, { type: 'text', text: content }]]
  return Array.isArray(content) ? content.filter(isJsonObject).map((block) => [role, block] as const) : []
}

/** Shorter beginnings are not kept, whatever is marked. */
function leastTokens(model: string): number {
  if (/^claude-(?:sonnet-4-5|opus-4-[01]|sonnet-4-20|opus-4-20)/.test(model)) return 1_024
  return /^claude-(?:sonnet-4-6|3-5-haiku|3-haiku)/.test(model) ? 2_048 : 4_096
}
