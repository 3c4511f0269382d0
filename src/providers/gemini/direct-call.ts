import type { Api } from '../api.ts'
import { askDirectly } from '../openai-shape/direct-call.ts'
import type { DirectAnswer, ProviderOptions, WireRequest } from '../provider.ts'
import { path } from '../remote-id.ts'
import { secretsOf } from '../secrets.ts'
import { methodsOf } from './endpoints.ts'
import { requestOf } from './request/request.ts'
import { decodeLine, errorMember, lineOf } from './result-line.ts'

/**
 * One synchronous call of a model. What the API says of the request becomes an outcome by the same rules as a result line;
 * anything else is thrown as `ProviderError`.
 */
export async function callDirectly(
  api: Api,
  { body, target, wireId }: WireRequest,
  options: Pick<ProviderOptions, 'apiKey' | 'directTimeoutMs'>,
  signal: AbortSignal,
): Promise<DirectAnswer> {
  const root = path`/models/${target.model}:${methodsOf(target.endpoint).direct}`
  const said = await askDirectly(api, { path: root, body: JSON.stringify(requestOf(target, body)) }, options, signal)
  const line =
    'text' in said ? lineOf(wireId, 'response', said.text) : lineOf(wireId, 'error', errorMember(said.refusal))
  const decoded = decodeLine(line, target.endpoint, secretsOf(options))
  if (!decoded) throw new Error('the line of a direct answer cannot be read')
  return { line, outcome: decoded.outcome }
}
