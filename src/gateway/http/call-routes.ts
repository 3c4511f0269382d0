import { type Call, callId, keyedCallId } from '../../calls/call.ts'
import { placesOf } from '../../calls/call-places.ts'
import { callOf, type ReadCall } from '../../calls/call-request.ts'
import { parseDuration } from '../../lib/duration.ts'
import { isJsonObject } from '../../lib/json.ts'
import type { BackgroundShape, SynchronousReply } from '../../providers/provider.ts'
import { callToken, placeOf } from '../call-token.ts'
import type { CallState, GatewayRun, Submitted } from '../gateway-run.ts'
import { backgroundAnswer } from './background.ts'
import type { GatewayContext, GatewaySurroundings } from './environment.ts'
import { passOrRefuse } from './pass.ts'
import { jsonText, keptAnswer, noSuchCall, notYet, refusal, tooLate } from './replies.ts'

/** The run that a call goes to, where it is not the one of the day. */
const RUN_HEADER = 'x-llm-batch-run'

/** As files and people can have it. */
const RUN_NAME = /^[A-Za-z0-9][\w.-]{0,99}$/

/** Keys that a client makes up for each call by itself, which say nothing of what the program means. */
const OWN_KEY = /^stainless-\w+-retry-/

/** A call as its client asks for it. */
interface Asked {
  readonly call: Call
  /** Where it is to be fetched later in the provider's own way. */
  readonly background: BackgroundShape | undefined
}

/** `POST` to an endpoint: a call, answered when it is, or as its client wants it. */
export async function takeCall(context: GatewayContext, surroundings: GatewaySurroundings): Promise<Response> {
  const bytes = new Uint8Array(await context.req.arrayBuffer())
  const read = readCall(context, surroundings, bytes)
  if ('why' in read) return await passOrRefuse(context, surroundings, read.why, bytes)
  const named = context.req.header(RUN_HEADER)
  if (named !== undefined && !RUN_NAME.test(named)) {
    const message = `${RUN_HEADER} has letters, digits, dots, dashes and underlines, at most 100`
    return refusal({ status: 400, code: 'invalid_run_name', message }, surroundings)
  }
  const { background, call } = askedOf(read.call, surroundings)
  const id = idOf(call, context.req.header('idempotency-key'))
  const isAgain = Number(context.req.header('x-stainless-retry-count') ?? 0) > 0
  const run = await surroundings.gateway.runFor({ named, callId: id, isAgain })
  const preference = preferenceOf(context.req.header('prefer'), surroundings.holdMs)
  const found = await run.state(id)
  if (found?.state === 'answered') {
    return background
      ? backgroundAnswer(run, id, found, background)
      : keptAnswer(found.reply, surroundings, headersOf(run, id))
  }
  const submitted = run.submit(id, call)
  // Whatever the client is told from here on is a promise.
  await submitted.kept
  if (background) {
    return backgroundAnswer(run, id, await run.taken(id), background)
  }
  const headers = headersOf(run, id)
  const reply = await heldReply(submitted, context, surroundings, preference.holdMs)
  if (reply) return keptAnswer(reply, surroundings, headers)
  return preference.isAsync
    ? accepted(callToken({ runId: run.id, callId: id }), headers)
    : notYet(surroundings.stopping.aborted ? 'stopping' : 'not_answered_yet', surroundings, headers)
}

/** `GET` of a call that was taken: 202 while it has no answer. */
export async function showCall(surroundings: GatewaySurroundings, token: string): Promise<Response> {
  const place = placeOf(token)
  const run = place && (await surroundings.gateway.runById(place.runId))
  const found = place && (await run?.state(place.callId))
  if (!place || !run || !found) return noSuchCall(surroundings)
  return toldCall(found, run, place.callId, surroundings)
}

/** `DELETE` of a call that was taken, which cancels it where it is not in a batch yet. */
export async function dropCall(surroundings: GatewaySurroundings, token: string): Promise<Response> {
  const place = placeOf(token)
  const run = place && (await surroundings.gateway.runById(place.runId))
  if (!place || !run || (await run.state(place.callId)) === undefined) return noSuchCall(surroundings)
  if (await run.cancel(place.callId)) {
    return jsonText(JSON.stringify({ id: token, object: 'call', status: 'cancelled' }), 200)
  }
  return tooLate(run.name, surroundings)
}

function toldCall(found: CallState, run: GatewayRun, id: string, surroundings: GatewaySurroundings): Response {
  const headers = headersOf(run, id)
  if (found.state === 'answered') return keptAnswer(found.reply, surroundings, headers)
  if (found.state !== 'cancelled') return accepted(callToken({ runId: run.id, callId: id }), headers, found.state)
  const message = 'the call was cancelled before it was sent'
  return refusal({ status: 424, code: 'cancelled', message }, surroundings, headers)
}

function readCall(context: GatewayContext, { gateway }: GatewaySurroundings, bytes: Uint8Array): ReadCall {
  const { pathname, search } = new URL(context.req.url)
  if (search !== '') return { why: `batches do not take POST ${pathname}${search}` }
  const text = Buffer.from(bytes).toString('utf8')
  const places = placesOf(gateway.workspace, gateway.provider)
  return callOf({ endpoint: pathname, headers: context.req.raw.headers, text }, places)
}

/** Without what says how the client wants to be answered, which is not for the provider. */
function askedOf({ body, endpoint }: Call, { gateway }: GatewaySurroundings): Asked {
  const value: unknown = JSON.parse(body)
  const { stream, ...streamless } = isJsonObject(value) ? value : {}
  const { background, ...rest } = streamless
  const shape = gateway.provider.synchronous?.(endpoint)?.background
  if (shape && background !== undefined) {
    const isWanted = background === true
    return { call: { endpoint, body: JSON.stringify(rest) }, background: isWanted ? shape : undefined }
  }
  if (stream === undefined) return { call: { endpoint, body }, background: undefined }
  return { call: { endpoint, body: JSON.stringify(streamless) }, background: undefined }
}

function idOf(call: Call, key: string | undefined): string {
  return key === undefined || OWN_KEY.test(key) ? callId(call) : keyedCallId(call, key)
}

/** RFC 7240: `respond-async`, and `wait` in seconds. */
function preferenceOf(prefer: string | undefined, holdMs: number): { isAsync: boolean; holdMs: number } {
  const wishes = (prefer ?? '').toLowerCase().split(/\s*[,;]\s*/)
  const isAsync = wishes.includes('respond-async')
  const wait = wishes.map((wish) => /^wait=(\d{1,6})$/.exec(wish)?.[1]).find((seconds) => seconds !== undefined)
  const waitMs = wait === undefined ? undefined : parseDuration(`${wait}s`)
  return { isAsync, holdMs: Math.min(holdMs, waitMs ?? (isAsync ? 0 : holdMs)) }
}

/** The answer, where it comes in time; null where the client has gone, or the gateway is being stopped. */
async function heldReply(
  { reply }: Submitted,
  context: GatewayContext,
  { clock, stopping }: GatewaySurroundings,
  holdMs: number,
): Promise<SynchronousReply | null> {
  const answered = new AbortController()
  const ends = AbortSignal.any([answered.signal, context.req.raw.signal, stopping])
  try {
    return await Promise.race([reply, clock.sleep(holdMs, ends).then(() => null)])
  } finally {
    answered.abort()
  }
}

function accepted(token: string, headers: Readonly<Record<string, string>>, status = 'queued'): Response {
  const location = `/v1/calls/${token}`
  return jsonText(JSON.stringify({ id: token, object: 'call', status, location }), 202, {
    ...headers,
    location,
    'preference-applied': 'respond-async',
    'retry-after': '5',
  })
}

/** Where the call can be found, by people and by programs. */
function headersOf({ id: runId, name }: GatewayRun, id: string): Readonly<Record<string, string>> {
  return { [RUN_HEADER]: name, 'x-llm-batch-call': callToken({ runId, callId: id }) }
}
