import { mention } from '../../model/options/mention.ts'
import type { PassedRequest } from '../../providers/provider.ts'
import type { GatewayContext, GatewaySurroundings } from './environment.ts'
import { refusal } from './replies.ts'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** Headers that say what a call means, and none that says whose it is. */
const PASSED_HEADERS = /^(?:accept|content-type|idempotency-key|.*-beta)$/

/** Headers of an answer that clients look at. */
const RETURNED_HEADERS = /^(?:content-type|retry-after|x-request-id|request-id|x-should-retry|.*ratelimit.*)$/

/**
 * What batches do not take: sent on as it is with the gateway's own key where that is allowed, else refused with the reason.
 */
export async function passOrRefuse(
  context: GatewayContext,
  surroundings: GatewaySurroundings,
  why: string,
  body?: Uint8Array,
): Promise<Response> {
  const { provider } = surroundings.gateway
  const method = METHODS.find((one) => one === context.req.method)
  const path = pathBelow(new URL(context.req.url))
  if (!surroundings.isPassing || provider.pass === undefined || method === undefined || path === undefined) {
    const next = `Call the provider itself for that, or start the gateway with ${mention('pass')}.`
    return refusal({ status: 400, code: 'not_batchable', message: `${why}. ${next}` }, surroundings)
  }
  const bytes = body ?? new Uint8Array(await context.req.arrayBuffer())
  const request: PassedRequest = {
    method,
    path,
    headers: chosen([...context.req.raw.headers], PASSED_HEADERS),
    ...(bytes.length === 0 ? {} : { body: { bytes: bytes.length, stream: only(bytes) } }),
  }
  const answer = await provider.pass(request, context.req.raw.signal)
  const headers = chosen(Object.entries(answer.headers), RETURNED_HEADERS)
  return new Response(ReadableStream.from(answer.body), { status: answer.status, headers })
}

/** Below the version path, which the provider's address has; undefined for anything else. */
function pathBelow({ pathname, search }: URL): string | undefined {
  const below = /^\/v1(\/.*)$/.exec(pathname)?.[1]
  return below === undefined || below.includes('//') ? undefined : below + search
}

function chosen(all: Iterable<readonly [string, string]>, wanted: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries([...all].filter(([name]) => wanted.test(name)))
}

async function* only(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
