import { LlmBatchError } from '../../model/error.ts'
import type { Api } from '../api.ts'
import { type DirectAnswer, type Failure, ProviderError, type ProviderOptions, type WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { isAccountProblem } from './account-problem.ts'
import { rowOutcome } from './row-outcome.ts'

/** The official SDKs' own time limit: a model that thinks may say nothing for minutes. */
const DIRECT_TIMEOUT_MS = 600_000

/**
 * One synchronous call of a request's endpoint, in a single attempt because it is billed, on a connection of its own so
 * that a stale one never leaves it in doubt. What the API answers about the request becomes an outcome by the same rules
 * as a result line; anything else is thrown as `ProviderError`.
 */
export async function callDirectly(
  api: Api,
  request: WireRequest,
  options: Pick<ProviderOptions, 'apiKey' | 'directTimeoutMs'>,
  signal: AbortSignal,
): Promise<DirectAnswer> {
  const { target, wireId } = request
  const timeoutMs = options.directTimeoutMs ?? DIRECT_TIMEOUT_MS
  const secrets = secretsOf(options)
  const id = JSON.stringify(wireId)
  try {
    const text = await api.sendForText(
      {
        method: 'POST',
        path: pathOf(target.endpoint),
        contentType: 'application/json',
        body: request.body,
        totalTimeoutMs: timeoutMs,
        idleTimeoutMs: timeoutMs,
      },
      signal,
    )
    return {
      outcome: rowOutcome(target.endpoint, { status: 200, body: JSON.parse(text), error: null }, secrets),
      line: `{"custom_id":${id},"response":{"status_code":200,"body":${onOneLine(text)}},"error":null}`,
    }
  } catch (error) {
    if (!(error instanceof ProviderError) || !isAboutTheRequest(error.failure)) throw error
    const { code, message, status } = error.failure
    const problem = { code, message }
    return {
      outcome: rowOutcome(target.endpoint, { status, body: null, error: problem }, secrets),
      line: `{"custom_id":${id},"response":{"status_code":${status},"body":null},"error":${JSON.stringify(problem)}}`,
    }
  }
}

/** Failures that are answers to this request; all others concern the key, the quota, the network or the server. */
export function isAboutTheRequest({ code, kind, message, status }: Failure): boolean {
  if (kind === 'refused' || kind === 'absent') return true
  // A used-up credit comes with the status of a passing rate limit, and does not pass.
  return kind === 'throttled' && isAccountProblem(status, { code, message })
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
