import { isJsonObject, type JsonObject, parseJson, stringOf } from '../../lib/json.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { OPENROUTER } from './dialect.ts'

/** Content of a correct create call. */
export interface CreateCall {
  readonly endpoint: string
  readonly model: string
  readonly requests: readonly JsonObject[]
  /** The address that is told when the batch has ended; null where none was named. */
  readonly callbackUrl: string | null
}

/** A picture or a file that lies in the request itself. */
const INLINE_MEDIA = /"data:[a-z]+\/[a-z0-9.+-]+;base64,/i

/** Checks the body of `POST /batches`; a refusal is an answer with status 400. */
export function checkCreate(text: string, mostRequests: number): CreateCall | Response {
  const body = bodyIn(text)
  if (!body) return invalidRequest('The body is not a JSON object.', null, null)
  // It is read as it comes, so that what stands behind the requests is not known when they are.
  const names = Object.keys(body)
  for (const name of ['endpoint', 'model', ...('callback_url' in body ? ['callback_url'] : [])]) {
    const isBefore = names.includes(name) && names.indexOf(name) < names.indexOf('requests')
    if (!isBefore) return invalidRequest(`'${name}' must come before 'requests'.`, null, name)
  }
  const endpoint = stringOf(body['endpoint']) ?? ''
  const model = stringOf(body['model'])
  const { requests } = body
  if (!OPENROUTER.endpoints.includes(endpoint))
    return invalidRequest('The endpoint is not one for batches.', null, 'endpoint')
  if (model === undefined) return invalidRequest('The model must be a text.', null, 'model')
  if (!Array.isArray(requests) || requests.length === 0)
    return invalidRequest('There are no requests.', null, 'requests')
  if (requests.length > mostRequests) {
    return invalidRequest(`A batch has at most ${mostRequests} requests.`, null, 'requests')
  }
  if (INLINE_MEDIA.test(text)) return invalidRequest('Media are taken by public URL only.', null, 'requests')
  const objects = requests.filter(isJsonObject)
  if (objects.length < requests.length) return invalidRequest('A request is not an object.', null, 'requests')
  const callbackUrl = stringOf(body['callback_url']) ?? null
  if (callbackUrl !== null && !URL.canParse(callbackUrl))
    return invalidRequest('The address for callbacks is not a URL.', null, 'callback_url')
  return { endpoint, model, requests: objects, callbackUrl }
}

function bodyIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = parseJson(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    // Not JSON: the caller refuses it.
    return undefined
  }
}
