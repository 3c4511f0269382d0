import { DAY_MS } from '../../lib/duration.ts'
import { createBatch } from '../batch/create.ts'
import { DIALECT } from '../dialects.ts'
import { nowOrLater } from '../http/break-call.ts'
import { streamOf } from '../http/content.ts'
import type { ServerContext } from '../http/environment.ts'
import { storeInline } from '../http/inline.ts'
import { listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { maxBytes, maxRequests } from '../simulator.ts'
import { type BatchRecord, isFinal } from '../state/record.ts'
import { batchObject } from './batch-object.ts'
import { type CheckedRequest, checkCreate } from './check-create.ts'
import { refuse } from './dialect.ts'
import { idPage } from './page.ts'
import { resultLines } from './results.ts'
import { keptParams } from './strict-version.ts'
import { versionOf } from './version.ts'

/** `POST /v1/messages/batches`: the whole input comes in the call. */
export async function create(route: RouteContext, context: ServerContext): Promise<Response> {
  const { simulator } = route
  const text = await context.req.text()
  const most = maxBytes(simulator, 'anthropic')
  if (Buffer.byteLength(text) > most)
    return refuse(413, `Request exceeds the maximum allowed number of bytes: ${most}.`)
  const requests = checkCreate(text, maxRequests(simulator, 'anthropic'))
  if (requests instanceof Response) return requests
  return await nowOrLater(route.runner, context, () => createNow(route, context, requests))
}

async function createNow(
  route: RouteContext,
  context: ServerContext,
  requests: readonly CheckedRequest[],
): Promise<Response> {
  const { runner, simulator } = route
  const owner = ownerOf(route, context)
  const limit = simulator.overrides.queueRequests ?? DIALECT.anthropic.queueRequests ?? Number.POSITIVE_INFINITY
  if (queuedRequests(route, context) + requests.length > limit) {
    const answer = refuse(
      429,
      `This request would exceed the limit of ${limit} batch requests in the processing queue.`,
    )
    answer.headers.set('retry-after', '1')
    return answer
  }
  const kept = requests.map((request) => ({ ...request, body: keptParams(versionOf(context), request.body) }))
  const file = await storeInline(route, owner, kept)
  const draft = {
    owner,
    endpoint: '/v1/chat/completions',
    model: null,
    inputFileIds: [file.id],
    isInline: true,
    metadata: null,
    windowMs: DAY_MS,
    outputLifeSeconds: null,
    total: requests.length,
  }
  return shown(context, await createBatch(simulator, runner, draft, context.var.faults))
}

/** Requests of the account that wait or run, of all models together. */
function queuedRequests(route: RouteContext, context: ServerContext): number {
  const open = route.simulator.state
    .batchesOf(ownerOf(route, context), Number.POSITIVE_INFINITY)
    .filter(({ phase }) => !isFinal(phase))
  return open.reduce((sum, { total }) => sum + total, 0)
}

/** `GET /v1/messages/batches`, newest first. */
export function listBatches(route: RouteContext, context: ServerContext): Response {
  const batches = route.simulator.state.batchesOf(ownerOf(route, context), listedUntilMs(route, context))
  return idPage(context, batches, (batch) => batchObject(batch, originOf(context)))
}

/** `GET /v1/messages/batches/{id}`. */
export function showBatch(route: RouteContext, context: ServerContext, id: string): Response {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  const answer = shown(context, batch)
  if (!isFinal(batch.phase)) answer.headers.set('retry-after', '10')
  return answer
}

/** `POST /v1/messages/batches/{id}/cancel`. */
export async function cancel(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (isFinal(batch.phase)) return refuse(400, `Batch ${id} has ended and cannot be canceled.`)
  if (batch.phase === 'cancelling' || context.var.faults.has('cancel-ignored')) {
    return shown(context, { ...batch, phase: 'cancelling' })
  }
  return shown(context, await route.runner.cancel(batch))
}

/** `DELETE /v1/messages/batches/{id}`; only a batch that has ended can be deleted. */
export async function removeBatch(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (!isFinal(batch.phase)) return refuse(400, `Batch ${id} cannot be deleted while it is being processed.`)
  await route.simulator.state.batches.put({ ...batch, isDeleted: true })
  return Response.json({ id, type: 'message_batch_deleted' })
}

/** `GET /v1/messages/batches/{id}/results`: one stream for every kind of result. */
export function results(route: RouteContext, context: ServerContext, id: string): Response {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (!isFinal(batch.phase)) return refuse(404, `Batch ${id} has no available results.`)
  const body = streamOf(resultLines(route.simulator.state, batch))
  return new Response(body, { headers: { 'content-type': 'application/x-jsonl' } })
}

function shown(context: ServerContext, batch: BatchRecord): Response {
  return Response.json(batchObject(batch, originOf(context)))
}

function originOf(context: ServerContext): string {
  return new URL(context.req.url).origin
}

function findBatch(route: RouteContext, context: ServerContext, id: string): BatchRecord | undefined {
  const { state, clock } = route.simulator
  return state.batch(ownerOf(route, context), id, clock.now())
}

function noSuchBatch(id: string): Response {
  return refuse(404, `Batch ${id} not found`)
}
