import { once } from 'node:events'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { BatchRunner } from '../batch/batch-runner.ts'
import { DIALECT } from '../dialects.ts'
import type { FaultName } from '../faults/catalogue.ts'
import type { ActiveFaults } from '../faults/injector.ts'
import { type ApiError, usualError } from '../simulate/provider-error.ts'
import type { Simulator } from '../simulator.ts'
import type { DialectName } from '../state/record.ts'
import type { ServerContext } from './environment.ts'
import { errorAnswer } from './error-answer.ts'

/** Faults that strike before anything is done; undefined where the call goes on. */
export async function breakCall(
  simulator: Simulator,
  context: ServerContext,
  dialect: DialectName,
  faults: ActiveFaults,
): Promise<Response | undefined> {
  if (faults.has('slow')) await simulator.clock.sleep(faults.milliseconds('slow'), context.req.raw.signal)
  const breaks: Breaks = {
    status: (argument) => statusAnswer(dialect, Number(argument)),
    html: (argument) => htmlPage(Number(argument)),
    'retry-after': (argument) => statusAnswer(dialect, 429, argument),
    reset: () => resetConnection(context),
    hang: () => neverAnswer(context),
    redirect: (argument) => new Response(null, { status: 307, headers: { location: argument } }),
    'echo-key': (argument) => errorAnswer(dialect, { ...keyEcho(dialect, context), status: Number(argument) }),
  }
  return await firstBreak(breaks, faults)
}

/** Answers that take the place of the right one, by fault. */
export type Breaks = Partial<Record<FaultName, (argument: string) => Response | Promise<Response>>>

/** The answer of the first fault that has one here; undefined where none strikes. */
export async function firstBreak(breaks: Breaks, faults: ActiveFaults): Promise<Response | undefined> {
  for (const { name, argument } of faults.list) {
    const answer = breaks[name]
    if (answer) return await answer(argument)
  }
  return undefined
}

/** An error in the API's own words; a 429 says when to come back, as the providers do. */
export function statusAnswer(dialect: DialectName, status: number, retryAfter = '1'): Response {
  const answer = errorAnswer(dialect, usualError(status))
  if (status === 429) answer.headers.set('retry-after', retryAfter)
  return answer
}

/** What a gateway in between answers. */
export function htmlPage(status: number): Response {
  const page = `<html><head><title>${status}</title></head><body><center><h1>${status} Bad Gateway</h1></center></body></html>`
  return new Response(page, { status, headers: { 'content-type': 'text/html' } })
}

/** Breaks the connection with a TCP reset. */
export function resetConnection(context: ServerContext): Response {
  const { socket } = context.env.incoming
  socket.resetAndDestroy()
  return RESPONSE_ALREADY_SENT
}

/** Does the work of a call; under the fault `delayed` the connection is reset, and the work done later. */
export async function nowOrLater(runner: BatchRunner, context: ServerContext, work: () => Promise<Response>) {
  const { faults } = context.var
  if (!faults.has('delayed')) return await work()
  runner.later(faults.milliseconds('delayed'), async () => void (await work()))
  return resetConnection(context)
}

/** Waits until the client gives up, or the server closes the connection. */
export async function neverAnswer(context: ServerContext): Promise<Response> {
  const { socket } = context.env.incoming
  if (!socket.destroyed) await once(socket, 'close')
  return RESPONSE_ALREADY_SENT
}

function keyEcho(dialect: DialectName, context: ServerContext): ApiError {
  const key = DIALECT[dialect].keyOf((name) => context.req.header(name)) ?? ''
  return {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    param: null,
    message: `Incorrect API key provided: ${key}.`,
  }
}
