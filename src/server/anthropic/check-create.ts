import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts'
import { refuse } from './dialect.ts'

/** A request of a create call; what it asks is checked when it is executed. */
export interface CheckedRequest extends JsonObject {
  readonly custom_id: string
  readonly body: JsonObject
}

const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/

/** Checks the body of `POST /v1/messages/batches`: ids at once, what is asked not at all. */
export function checkCreate(text: string, mostRequests: number): readonly CheckedRequest[] | Response {
  const requests = requestsIn(text)
  if (requests === undefined) return refuse(400, 'requests: Field required')
  if (requests.length === 0) return refuse(400, 'requests: List should have at least 1 item after validation')
  if (requests.length > mostRequests) return refuse(400, `requests: List should have at most ${mostRequests} items`)
  const ids = new Set<string>()
  const checked: CheckedRequest[] = []
  for (const [index, request] of requests.entries()) {
    const place = `requests.${index}`
    if (!isJsonObject(request)) return refuse(400, `${place}: Input should be an object`)
    const { custom_id: id, params } = request
    if (typeof id !== 'string') return refuse(400, `${place}.custom_id: Field required`)
    if (!CUSTOM_ID.test(id)) return refuse(400, `${place}.custom_id: String should match pattern '${CUSTOM_ID.source}'`)
    if (ids.has(id)) return refuse(400, `${place}.custom_id: Duplicate custom_id: ${id}`)
    if (!isJsonObject(params)) return refuse(400, `${place}.params: Field required`)
    ids.add(id)
    checked.push({ custom_id: id, body: params })
  }
  return checked
}

function requestsIn(text: string): readonly unknown[] | undefined {
  try {
    const body: unknown = parseJson(text)
    return isJsonObject(body) && Array.isArray(body['requests']) ? body['requests'] : undefined
  } catch {
    // Not JSON is refused like JSON without requests.
    return undefined
  }
}
