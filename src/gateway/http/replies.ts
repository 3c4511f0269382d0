import { errorReply } from '../../calls/call-replies.ts'
import { LlmBatchError, messageOf } from '../../model/error.ts'
import { commandLine, inFlags } from '../../model/options/mention.ts'
import { maskSecrets } from '../../providers/mask.ts'
import { ProviderError, type SynchronousReply } from '../../providers/provider.ts'
import type { GatewaySurroundings } from './environment.ts'

type Headers = Readonly<Record<string, string>>

/** A problem as clients are told it. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Clients repeat these by themselves, and are to. */
const PASSING: readonly number[] = [429, 500, 502, 503, 504]

/** An answer that was kept, as the provider gave it. */
export function keptAnswer(reply: SynchronousReply, { secrets }: GatewaySurroundings, headers: Headers = {}): Response {
  const isError = reply.status >= 400
  // Asked again it is the same: the call is a row, and its answer is there.
  const final: Headers = isError ? { 'x-should-retry': 'false' } : {}
  const body = isError ? maskSecrets(reply.body, secrets) : reply.body
  return jsonText(body, reply.status, { ...final, ...headers })
}

/** An error of ours in the provider's own shape. */
export function refusal(problem: Problem, { shape, secrets }: GatewaySurroundings, headers: Headers = {}): Response {
  const { code, message, status } = problem
  const { body } = errorReply(shape, { code, message: inFlags(`llm-batch: ${message}`) }, status)
  const retry: Headers = PASSING.includes(status) ? {} : { 'x-should-retry': 'false' }
  return jsonText(maskSecrets(body, secrets), status, { ...retry, ...headers })
}

/** What a client is told that comes too early: it asks again, and goes on waiting. */
export function notYet(
  why: 'not_answered_yet' | 'stopping',
  surroundings: GatewaySurroundings,
  headers: Headers = {},
): Response {
  const message =
    why === 'stopping'
      ? 'it is being stopped. The call is kept: ask again when it is started'
      : 'the batch with this call has no answer yet. The call is kept: ask the same again to go on waiting'
  const ending: Headers = why === 'stopping' ? { connection: 'close' } : {}
  return refusal({ status: 503, code: why, message }, surroundings, { ...headers, ...ending, 'retry-after': '1' })
}

/** Batches cannot be cancelled in part. */
export function tooLate(run: string, surroundings: GatewaySurroundings): Response {
  const message = `the call is in a batch, and batches are cancelled as a whole only: ${commandLine('cancel', run)}`
  return refusal({ status: 409, code: 'already_sent', message }, surroundings)
}

export function noSuchCall(surroundings: GatewaySurroundings): Response {
  return refusal({ status: 404, code: 'not_found', message: 'it has taken no call of this id' }, surroundings)
}

/** An error that was thrown, as clients are told it. */
export function thrownError(error: unknown, surroundings: GatewaySurroundings): Response {
  if (LlmBatchError.isInstance(error)) {
    const { message, next } = error.inWords(inFlags)
    const status = error.code === 'busy' || error.code === 'unreachable' ? 503 : error.code === 'disk' ? 500 : 400
    return refusal({ status, code: error.code, message: `${message}. ${next}`.trim() }, surroundings)
  }
  if (error instanceof ProviderError) {
    const message = `${error.failure.message}. The call is kept: ask the same again to go on waiting`
    return refusal({ status: 502, code: 'provider', message }, surroundings)
  }
  surroundings.onTrouble(error)
  return refusal({ status: 500, code: 'gateway_error', message: messageOf(error) }, surroundings)
}

export function jsonText(body: string, status: number, headers: Headers = {}): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } })
}
