import type { Api } from '../api.ts'
import { isAboutTheRequest } from '../openai-shape/direct-call.ts'
import { type DirectAnswer, ProviderError, type ProviderOptions, type WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { paramsOf } from './request.ts'
import { decodeLine, lineOf } from './result-line.ts'

/** The official SDK's own time limit: a model that thinks may say nothing for minutes. */
const DIRECT_TIMEOUT_MS = 600_000

/**
 * One synchronous message, in a single attempt because it is billed. What the API says of the request becomes an outcome by
 * the same rules as a result line; anything else is thrown as `ProviderError`.
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
        path: '/messages',
        contentType: 'application/json',
        body: JSON.stringify(paramsOf(target, body)),
        totalTimeoutMs: timeoutMs,
        idleTimeoutMs: timeoutMs,
      },
      signal,
    )
    return answered(lineOf(wireId, 'succeeded', text))
  } catch (error) {
    if (!(error instanceof ProviderError) || !isAboutTheRequest(error.failure)) throw error
    const { code, message } = error.failure
    return answered(lineOf(wireId, 'errored', JSON.stringify({ type: 'error', error: { type: code, message } })))
  }
}
