import { unanswered } from '../../model/failure.ts'
import type { Api, ApiRequest } from '../api.ts'
import { ProviderError } from '../provider.ts'
import { path } from '../remote-id.ts'

const SPACE = /^[\s\uFEFF]*/

/** The bytes of a result file as they are, see `downloadLines`. */
export function downloadFile(api: Api, id: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return downloadLines(api, () => ({ path: path`/files/${id}/content` }), signal)
}

/**
 * The bytes of a file of JSON Lines as they are; the call is made when the first of them is asked for.
 * Throws `ProviderError`: kind `transport` where they end before their declared length, `shape` where they are not JSON Lines
 * from their first character (an error page, a coding that was not asked for). An empty file is fine.
 */
export async function* downloadLines(
  api: Api,
  callOf: () => Pick<ApiRequest, 'path' | 'query'>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const request = callOf()
  const { path: call } = request
  const response = await api.open(request, signal)
  const coding = response.headers['content-encoding'] ?? 'identity'
  if (coding !== 'identity')
    throw api.misshapen({ path: call }, response, `a body coded as ${coding}, which llm-batch did not ask for`)
  const declared = declaredBytes(response.headers['content-length'])
  let received = 0
  let beginning: string | undefined = ''
  for await (const piece of response.body) {
    received += piece.length
    if (beginning !== undefined) {
      beginning = (beginning + Buffer.from(piece.subarray(0, 200)).toString('utf8')).replace(SPACE, '')
      if (beginning !== '' && !beginning.startsWith('{')) {
        throw api.misshapen({ path: call }, response, `something other than result lines: ${beginning}`)
      }
      if (beginning !== '') beginning = undefined
    }
    yield piece
  }
  if (declared !== null && received < declared) {
    throw new ProviderError(unanswered('transport', `GET ${call} ended after ${received} of ${declared} bytes`))
  }
}

function declaredBytes(header: string | undefined): number | null {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : null
}
