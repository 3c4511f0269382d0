import type { ProviderProblem } from '../error-text.ts'
import type { RemoteProblem } from '../provider.ts'

/** Codes of refusals that pass when other batches have ended (F40). */
const QUEUE_CODES: readonly string[] = ['token_limit_exceeded', 'request_limit_exceeded', 'queue_limit_exceeded']

/** What a refusal of a batch tells of the queue; null where it is about something else. */
export function queueFullIn({ code, message }: ProviderProblem): RemoteProblem['queueFull'] {
  const isFull = (code !== null && QUEUE_CODES.includes(code)) || /enqueued token limit/i.test(message)
  return isFull ? { limitTokens: limitIn(message) } : null
}

/** Providers do not limit a queue to less; a smaller number counts something else, such as batches. */
const LEAST_LIMIT = 1_000

/** A number that stands right after the word: one further on may belong to a model, as in `limit reached for gpt-5`. */
const NAMED_LIMIT = /\blimit(?:\s+(?:is|of))?\s*[:=]?\s*(\d[\d,._']*)\s*([kmb])?\b/gi

/** The limit of tokens that a refusal names, such as `Limit: 2,000,000 enqueued tokens` or `limit of 30 K`; or null. */
function limitIn(words: string): number | null {
  for (const [, digits = '', unit = ''] of words.matchAll(NAMED_LIMIT)) {
    const plain = digits.replace(/[,_']|[.](?=\d{3}\b)/g, '').replace(/[.]$/, '')
    const factor = { k: 1e3, m: 1e6, b: 1e9 }[unit.toLowerCase()] ?? 1
    const limit = Math.floor(Number(plain) * factor)
    if (limit >= LEAST_LIMIT) return limit
  }
  return null
}
