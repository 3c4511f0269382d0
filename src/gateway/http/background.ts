import type { BackgroundShape, Provider } from '../../providers/provider.ts'
import { callToken, placeOf } from '../call-token.ts'
import type { CallState, GatewayRun } from '../gateway-run.ts'
import type { GatewaySurroundings } from './environment.ts'
import { jsonText, noSuchCall, tooLate } from './replies.ts'

/** The endpoint whose answers can be fetched later, and their form; undefined at a provider that has none. */
export function backgroundOf(provider: Provider): { endpoint: string; shape: BackgroundShape } | undefined {
  const { endpoints } = provider.limits({ provider: provider.name, endpoint: '', model: '' })
  for (const endpoint of endpoints) {
    const shape = provider.synchronous?.(endpoint)?.background
    if (shape) return { endpoint, shape }
  }
  return undefined
}

/** A call in the background as it stands, in the provider's own words. */
export function backgroundAnswer(run: GatewayRun, callId: string, found: CallState, shape: BackgroundShape): Response {
  const id = shape.idPrefix + callToken({ runId: run.id, callId })
  const headers = { 'x-llm-batch-run': run.name }
  const body =
    found.state === 'answered'
      ? shape.finishedBody(found.reply, { id, model: '', at: found.at })
      : shape.unfinishedBody({ id, model: found.model, at: found.at, status: found.state })
  return jsonText(body, 200, headers)
}

/** `GET` of a call in the background. */
export async function showBackground(
  id: string,
  shape: BackgroundShape,
  surroundings: GatewaySurroundings,
): Promise<Response> {
  const known = await findBackground(id, shape, surroundings)
  return known ? backgroundAnswer(known.run, known.callId, known.found, shape) : noSuchCall(surroundings)
}

/** `POST` of its cancelling: what has ended is told as it is, and what is in a batch cannot be cancelled any more. */
export async function cancelBackground(
  id: string,
  shape: BackgroundShape,
  surroundings: GatewaySurroundings,
): Promise<Response> {
  const known = await findBackground(id, shape, surroundings)
  if (!known) return noSuchCall(surroundings)
  const { callId, found, run } = known
  if (found.state === 'answered' || found.state === 'cancelled') return backgroundAnswer(run, callId, found, shape)
  if (!(await run.cancel(callId))) return tooLate(run.name, surroundings)
  return backgroundAnswer(run, callId, { ...found, state: 'cancelled' }, shape)
}

/** The call as it stands; undefined where there is none under this id. */
async function findBackground(id: string, shape: BackgroundShape, { gateway }: GatewaySurroundings) {
  const place = backgroundPlace(id, shape)
  const run = place && (await gateway.runById(place.runId))
  const found = place && (await run?.state(place.callId))
  return place && run && found ? { run, found, callId: place.callId } : undefined
}

/** The call of an id that a gateway has given out; undefined for any other. */
export function backgroundPlace(id: string, { idPrefix }: BackgroundShape): ReturnType<typeof placeOf> {
  return id.startsWith(idPrefix) ? placeOf(id.slice(idPrefix.length)) : undefined
}
