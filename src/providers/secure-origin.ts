import { LlmBatchError } from '../model/error.ts'

/** Throws `LlmBatchError` where a key would travel unencrypted to another machine, or to something that is not a server. */
export function assertSecure(url: URL, isHttpAllowed: boolean): void {
  if (url.protocol === 'https:') return
  if (url.protocol === 'http:' && (isHttpAllowed || isLoopback(url))) return
  throw new LlmBatchError('configuration', `${url.origin} would receive the key and the prompts unencrypted`, {
    next: 'Use https; llm-batch accepts http only for this machine.',
  })
}

/**
 * True where the host is this machine by its spelling alone: names that merely resolve to a loopback address are not
 * trusted, because what they resolve to can change between two requests. `URL` has already brought decimal, octal and
 * short forms of IPv4 addresses into the usual one.
 */
export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)
}
