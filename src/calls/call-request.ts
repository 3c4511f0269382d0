import { isJsonObject } from '../lib/json.ts'
import type { Call } from './call.ts'

/** An HTTP request as the arguments of `fetch` describe it. */
export type FetchArguments = Parameters<typeof fetch>

/** A request read as a call, or why it cannot be one. */
export type ReadCall = { readonly call: Call } | { readonly why: string }

/** API roots under which the calls of a run are made. */
export interface CallPlaces {
  readonly provider: string
  /** Without a slash at the end, with or without the version path. */
  readonly roots: readonly string[]
  /** False for an endpoint whose calls cannot be rows. */
  readonly takes: (endpoint: string, model: string) => boolean
}

/** Headers that change what a request means, and that a row of a batch cannot carry. */
const MEANINGFUL_HEADERS = /-beta$/

/** Reads what a client is about to send. The body of a `Request` is read from a copy. */
export async function readCall([input, init]: FetchArguments, places: CallPlaces): Promise<ReadCall> {
  const request = input instanceof Request ? input : null
  const url = new URL(input instanceof Request ? input.url : input)
  const endpoint = endpointOf(url, places.roots)
  if (endpoint === undefined) {
    return {
      why: `${url.origin}${url.pathname} is not at ${places.provider} (${places.roots.join(', ')}), whose calls it takes`,
    }
  }
  const method = init?.method ?? request?.method ?? 'GET'
  if (method !== 'POST' || url.search !== '')
    return { why: `batches do not take ${method} ${url.pathname}${url.search}` }
  const headers = new Headers(init?.headers ?? request?.headers)
  const text = await bodyOf(init?.body, request)
  return callOf({ endpoint, headers, text: text ?? '' }, places)
}

/** Reads a POST to an endpoint, without a query. */
export function callOf(
  { endpoint, headers, text }: { readonly endpoint: string; readonly headers: Headers; readonly text: string },
  { provider, takes }: Pick<CallPlaces, 'provider' | 'takes'>,
): ReadCall {
  const beta = [...headers.keys()].find((name) => MEANINGFUL_HEADERS.test(name))
  if (beta !== undefined)
    return { why: `batches are sent without the header ${beta}, which changes what this call means` }
  const body = parsed(text)
  if (!isJsonObject(body)) return { why: `the body of the call to ${endpoint} is not a JSON object` }
  const { model, stream } = body
  if (stream === true) return { why: 'batches do not support streaming; ask without "stream"' }
  if (typeof model !== 'string' || model === '') return { why: `the body of the call to ${endpoint} names no model` }
  if (!takes(endpoint, model)) return { why: `batches of ${provider} do not take calls to ${endpoint}` }
  return { call: { endpoint, body: text } }
}

/** The endpoint as rows name it, whichever version of the API root the client has. */
function endpointOf({ origin, pathname }: URL, roots: readonly string[]): string | undefined {
  const place = `${origin}${pathname}`
  const root = roots.find((one) => place.startsWith(`${one}/`))
  if (root === undefined) return undefined
  const path = place.slice(root.length)
  return path.startsWith('/v1/') ? path : `/v1${path}`
}

async function bodyOf(body: unknown, request: Request | null): Promise<string | undefined> {
  if (body === undefined || body === null) return await request?.clone().text()
  if (typeof body === 'string') return body
  if (body instanceof Blob) return await body.text()
  return body instanceof Uint8Array || body instanceof ArrayBuffer
    ? Buffer.from(body as Uint8Array).toString('utf8')
    : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is not JSON is refused by the caller, with a reason.
    return undefined
  }
}
