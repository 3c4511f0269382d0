import { LlmBatchError } from '../model/error.ts'
import { VARIABLES } from './variables.ts'

/** Rules that a base URL is checked by. */
export interface BaseUrlRules {
  /** The variable it came from, for messages. */
  readonly variable: string
  /** True allows plain http to other machines too, such as a model server in one's own network. */
  readonly isHttpAllowed: boolean
  /** Stands in the place of an empty path. @default '/v1' */
  readonly usualPath?: string
}

/**
 * An API root that may be given a key: absolute, https unless it is this machine, without user, query or fragment.
 * The usual path is added to an empty path and to no other. Returned without a slash at the end.
 */
export function parseBaseUrl(text: string, rules: BaseUrlRules): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw refused(rules, 'is not an absolute http or https URL', 'Write it like https://api.example.com/v1.')
  }
  if (url.username !== '' || url.password !== '') {
    throw refused(rules, 'holds a user name or password', 'Leave them out; the key goes into its own variable.')
  }
  if (url.search !== '' || url.hash !== '') {
    throw refused(rules, 'has a query or a fragment', 'Leave it out; paths are added at the end of the URL.')
  }
  if (url.protocol === 'http:' && !rules.isHttpAllowed && !isLoopback(url.hostname)) {
    const next = `Use https, or set ${VARIABLES.allowHttp}=1 in the environment if you trust that network.`
    throw refused(rules, 'would send the key unencrypted over the network', next)
  }
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path === '' ? (rules.usualPath ?? '/v1') : path}`
}

/** True for names that cannot leave this machine. The URL parser has brought all spellings of an address into one. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** The URL itself is left out of the message: it may hold a secret. */
function refused(rules: BaseUrlRules, reason: string, next: string): LlmBatchError {
  return new LlmBatchError('configuration', `${rules.variable} ${reason}.`, { next })
}
