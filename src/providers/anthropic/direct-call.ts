import type { Api } from '../api.ts'
import { askDirectly } from '../openai-shape/direct-call.ts'
import type { DirectAnswer, ProviderOptions, WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { paramsOf } from './request.ts'
import { decodeLine, lineOf } from './result-line.ts'

/**
 * One synchronous message. What the API says of the request becomes an outcome by the same rules as a result line; anything
 * else is thrown as `ProviderError`.
 */
export async function callDirectly(
  api: Api,
  { body, target, wireId }: WireRequest,
  options: Pick<ProviderOptions, 'apiKey' | 'directTimeoutMs'>,
  signal: AbortSignal,
): Promise<DirectAnswer> {
  const call = { path: '/messages', body: JSON.stringify(paramsOf(target, body)) }
  const said = await askDirectly(api, call, options, signal)
  const line =
    'text' in said ? lineOf(wireId, 'succeeded', said.text) : lineOf(wireId, 'errored', errorOf(said.refusal))
  const decoded = decodeLine(line, target.endpoint, secretsOf(options))
  if (!decoded) throw new Error('the line of a direct answer cannot be read')
  return { line, outcome: decoded.outcome }
}

/** A refusal in the shape that results have. */
function errorOf({ code, message }: { readonly code: string | null; readonly message: string }): string {
  return JSON.stringify({ type: 'error', error: { type: code, message } })
}
