import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { digestOf } from '../state/identifier.ts'

/** Body fields that carry what the model is asked, over all endpoints. */
const PROMPT_FIELDS = ['messages', 'instructions', 'input', 'inputs', 'prompt', 'suffix', 'document'] as const

/** Everything in a request body that a model would read, as one text. */
export function promptOf(body: JsonObject): string {
  const texts: string[] = []
  for (const field of PROMPT_FIELDS) {
    if (body[field] !== undefined) gather(body[field], texts)
  }
  return texts.join('\n')
}

function gather(value: unknown, texts: string[]): void {
  if (typeof value === 'string') {
    texts.push(value)
  } else if (Array.isArray(value)) {
    for (const element of value) gather(element, texts)
  } else if (isJsonObject(value)) {
    gather(value['content'] ?? value['text'] ?? value['messages'] ?? value['document_url'], texts)
  }
}

/** Tokens of a text, roughly: a token is about four bytes of English. Deterministic, never zero. */
export function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(Buffer.byteLength(text) / 4))
}

/**
 * What recognises a row in the books: the word after `nonce:` in its prompt, else a digest of its body. Rows without
 * a nonce and with equal bodies look like one row billed several times.
 */
export function nonceOf(body: JsonObject, prompt: string): string {
  const marked = /\bnonce:([A-Za-z0-9-]+)/.exec(prompt)?.[1]
  return marked ?? `sha256:${digestOf(JSON.stringify(body)).slice(0, 32)}`
}
