import { z } from 'zod'
import { LlmBatchError } from '../model/error.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Api } from './api.ts'
import { type FailureKind, ProviderError, type WireRequest } from './provider.ts'
import { rowOutcome } from './row-outcome.ts'

/** Failures that are answers to this request; all others concern the key, the quota, the network or the server. */
const ABOUT_THE_REQUEST: readonly FailureKind[] = ['refused', 'absent']

/**
 * One synchronous call of a request's endpoint, in a single attempt because it is billed. What the API answers about the
 * request becomes an outcome by the same rules as a result line; anything else is thrown as `ProviderError`.
 */
export async function callDirectly(
  api: Api,
  request: WireRequest,
  secrets: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const { endpoint } = request.target
  try {
    const body = await api.send(
      { method: 'POST', path: pathOf(endpoint), contentType: 'application/json', body: request.body },
      z.unknown(),
      signal,
    )
    return rowOutcome(endpoint, { status: 200, body, error: null }, secrets)
  } catch (error) {
    if (!(error instanceof ProviderError) || !ABOUT_THE_REQUEST.includes(error.failure.kind)) throw error
    const { code, message, status } = error.failure
    return rowOutcome(endpoint, { status, body: null, error: { code, message } }, secrets)
  }
}

/** The endpoint below the API root, which ends with the version that endpoints begin with. */
function pathOf(endpoint: string): string {
  if (/^\/v1(?:\/[a-z0-9_-]+)+$/i.test(endpoint)) return endpoint.slice('/v1'.length)
  throw new LlmBatchError('usage', `${JSON.stringify(endpoint)} is not an endpoint that can be called`)
}
