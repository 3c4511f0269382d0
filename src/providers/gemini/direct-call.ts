import type { Api } from '../api.ts'
import { isAccountProblem } from '../openai-shape/account-problem.ts'
import { type DirectAnswer, type Failure, ProviderError, type ProviderOptions, type WireRequest } from '../provider.ts'
import { path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { methodsOf } from './endpoints.ts'
import { requestOf } from './request/request.ts'
import { decodeLine, errorMember, lineOf } from './result-line.ts'

/** A model that thinks may say nothing for minutes. */
const DIRECT_TIMEOUT_MS = 600_000

/**
 * One synchronous call of a model, in a single attempt because it is billed. What the API says of the request becomes an
 * outcome by the same rules as a result line; anything else is thrown as `ProviderError`.
 */
export async function callDirectly(
  api: Api,
  { body, target, wireId }: WireRequest,
  options: Pick<ProviderOptions, 'apiKey' | 'directTimeoutMs'>,
  signal: AbortSignal,
): Promise<DirectAnswer> {
  const timeoutMs = options.directTimeoutMs ?? DIRECT_TIMEOUT_MS
  const answered = (line: string): DirectAnswer => {
    const decoded = decodeLine(line, target.endpoint, secretsOf(options))
    if (!decoded) throw new Error('the line of a direct answer cannot be read')
    return { line, outcome: decoded.outcome }
  }
  try {
    const text = await api.sendForText(
      {
        method: 'POST',
        path: path`/models/${target.model}:${methodsOf(target.endpoint).direct}`,
        contentType: 'application/json',
        body: JSON.stringify(requestOf(target, body)),
        totalTimeoutMs: timeoutMs,
        idleTimeoutMs: timeoutMs,
      },
      signal,
    )
    return answered(lineOf(wireId, 'response', text))
  } catch (error) {
    if (!(error instanceof ProviderError) || !isAboutTheRequest(error.failure)) throw error
    return answered(lineOf(wireId, 'error', errorMember(error.failure)))
  }
}

/** Failures that are answers to this request; all others concern the key, the quota, the network or the server. */
function isAboutTheRequest({ code, kind, message, status }: Failure): boolean {
  if (kind === 'refused' || kind === 'absent') return true
  // A used-up credit comes with the status of a passing rate limit, and does not pass.
  return kind === 'throttled' && isAccountProblem(status, { code, message })
}
