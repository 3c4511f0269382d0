import { LlmBatchError } from '../../model/error.ts'
import type { Api } from '../api.ts'
import { type DirectAnswer, type Failure, ProviderError, type ProviderOptions, type WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { isAccountProblem } from './account-problem.ts'
import { rowOutcome } from './row-outcome.ts'

/** The official SDKs' own time limit: a model that thinks may say nothing for minutes. */
const DIRECT_TIMEOUT_MS = 600_000

/** Result of a synchronous call: the text of the answer, or why the API refuses the request. */
export type DirectExchange = { readonly text: string } | { readonly refusal: Failure }

/**
 * One synchronous call of a request's endpoint. What the API answers about the request becomes an outcome by the same rules
 * as a result line; anything else is thrown as `ProviderError`.
 */
export async function callDirectly(
  api: Api,
  request: WireRequest,
  options: Pick<ProviderOptions, 'apiKey' | 'directTimeoutMs'>,
  signal: AbortSignal,
): Promise<DirectAnswer> {
  const { target, wireId } = request
  const secrets = secretsOf(options)
  const id = JSON.stringify(wireId)
  const said = await askDirectly(api, { path: pathOf(target.endpoint), body: request.body }, options, signal)
  if ('text' in said) {
    return {
      outcome: rowOutcome(target.endpoint, { status: 200, body: JSON.parse(said.text), error: null }, secrets),
      line: `{"custom_id":${id},"response":{"status_code":200,"body":${onOneLine(said.text)}},"error":null}`,
    }
  }
  const { code, message, status } = said.refusal
  const problem = { code, message }
  return {
    outcome: rowOutcome(target.endpoint, { status, body: null, error: problem }, secrets),
    line: `{"custom_id":${id},"response":{"status_code":${status},"body":null},"error":${JSON.stringify(problem)}}`,
  }
}

/** Line breaks in JSON text can only stand between values: inside of strings they are escaped. */
function onOneLine(json: string): string {
  return json.trim().replace(/[\r\n]+/g, ' ')
}

/** The endpoint below the API root, which ends with the version that endpoints begin with. */
function pathOf(endpoint: string): string {
  if (/^\/v1(?:\/[a-z0-9_-]+)+$/i.test(endpoint)) return endpoint.slice('/v1'.length)
  throw new LlmBatchError('usage', `${JSON.stringify(endpoint)} is not an endpoint that can be called`)
}

/**
 * One synchronous call, in a single attempt because it is billed, on a connection of its own so that a stale one never leaves
 * it in doubt. What does not concern the request is thrown as `ProviderError`.
 */
export async function askDirectly(
  api: Api,
  { body, path }: { readonly path: string; readonly body: string },
  { directTimeoutMs: timeoutMs = DIRECT_TIMEOUT_MS }: Pick<ProviderOptions, 'directTimeoutMs'>,
  signal: AbortSignal,
): Promise<DirectExchange> {
  const limits = { totalTimeoutMs: timeoutMs, idleTimeoutMs: timeoutMs }
  try {
    const call = { method: 'POST', path, contentType: 'application/json', body, ...limits } as const
    return { text: await api.sendForText(call, signal) }
  } catch (error) {
    if (!(error instanceof ProviderError) || !isAboutTheRequest(error.failure)) throw error
    return { refusal: error.failure }
  }
}

/** Failures that are answers to this request; all others concern the key, the quota, the network or the server. */
function isAboutTheRequest({ code, kind, message, status }: Failure): boolean {
  if (kind === 'refused' || kind === 'absent') return true
  // A used-up credit comes with the status of a passing rate limit, and does not pass.
  return kind === 'throttled' && isAccountProblem(status, { code, message })
}
