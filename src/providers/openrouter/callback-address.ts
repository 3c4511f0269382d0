import { LlmBatchError } from '../../model/error.ts'
import type { Environment } from '../provider-entry.ts'
import { isLoopback } from '../secure-origin.ts'

const VARIABLE = 'OPENROUTER_CALLBACK_URL'

/**
 * The address that OpenRouter is to call when a batch has ended; undefined where none is set. Throws `configuration` for one
 * that it would not call.
 */
export function callbackAddress(environment: Environment): string | undefined {
  const text = environment[VARIABLE]?.trim() ?? ''
  if (text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))) return url.href
  throw new LlmBatchError('configuration', `${VARIABLE} is not an https address`, {
    next: 'Write the address at which your webhooks are taken, as it is reached from outside, or unset it.',
  })
}
