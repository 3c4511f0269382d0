import { type BatchDraft, createBatch } from '../batch/create.ts'
import { nowOrLater } from '../http/break-call.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { jsonOf, listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { isFinal } from '../state/record.ts'
import { badChoice, type CreateCall, checkCreate } from './check-create.ts'
import { listed } from './page.ts'
import { shownBatch } from './peculiar-batch.ts'
import { refusedEarly } from './refused-early.ts'
import { batchPurpose } from './refused-file.ts'

/** By OpenAI's API description: `GET /batches` gives 20 batches, or up to 100. */
const BATCH_PAGE = { standard: 20, most: 100 }

/** `POST /batches`. */
export async function create(route: RouteContext, context: ServerContext): Promise<Response> {
  const call = checkCreate(await jsonOf(context), route.simulator.host.are)
  if (call instanceof Response) return call
  return await nowOrLater(route.runner, context, () => createNow(route, context, call))
}

async function createNow(route: RouteContext, context: ServerContext, call: CreateCall): Promise<Response> {
  const { simulator } = route
  const { host } = simulator
  const owner = ownerOf(route, context)
  const key = host.are.has('idempotency-key') ? context.req.header('idempotency-key') : undefined
  const earlier = simulator.state.batch(owner, host.batchOfKey.get(key ?? '') ?? '', simulator.clock.now())
  if (earlier) return Response.json(shownBatch(host, earlier))
  const file = simulator.state.file(owner, call.inputFileId)
  if (!file || context.var.faults.has('file-not-found')) {
    const text = `Cannot find file ${call.inputFileId}, or project proj_simulated does not have access to it.`
    return invalidRequest(text, null, 'input_file_id')
  }
  if (file.purpose !== batchPurpose(host)) {
    return invalidRequest(`Invalid file purpose: ${file.purpose}. Expected 'batch'.`, 'invalid_value', 'input_file_id')
  }
  const early = refusedEarly(simulator, file)
  if (early) return early
  const { endpoint, metadata, outputLifeSeconds, windowMs } = call
  const { endpoints } = simulator.executor
  if (endpoints && !endpoints.includes(endpoint)) return badChoice('endpoint', endpoint, endpoints)
  const common = { owner, endpoint, metadata, outputLifeSeconds, windowMs }
  const draft: BatchDraft = { ...common, model: null, inputFileIds: [file.id], isInline: false }
  const batch = await createBatch(simulator, route.runner, draft, context.var.faults)
  if (key !== undefined) host.batchOfKey.set(key, batch.id)
  if (host.are.has('deletes-input') && call.deletesInput) await simulator.state.deleteFile(file)
  const shown = shownBatch(host, batch)
  return Response.json(host.are.has('wrapped-create') ? { job: shown, warning: null } : shown)
}

/** `GET /batches`. */
export function listBatches(route: RouteContext, context: ServerContext): Response {
  const batches = route.simulator.state.batchesOf(ownerOf(route, context), listedUntilMs(route, context))
  const { host } = route.simulator
  const most = host.are.has('pages-of-20') ? BATCH_PAGE.standard : BATCH_PAGE.most
  return listed(host, context, batches, { ...BATCH_PAGE, most }, (batch) => shownBatch(host, batch))
}

/** `GET /batches/{id}`. */
export function showBatch(route: RouteContext, context: ServerContext, id: string): Response {
  const { state, clock } = route.simulator
  const batch = state.batch(ownerOf(route, context), id, clock.now())
  return batch ? Response.json(shownBatch(route.simulator.host, batch)) : noSuchBatch(id)
}

/** `POST /batches/{id}/cancel`. */
export async function cancel(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const { state, clock } = route.simulator
  const batch = state.batch(ownerOf(route, context), id, clock.now())
  if (!batch) return noSuchBatch(id)
  if (batch.phase === 'cancelling') return Response.json(shownBatch(route.simulator.host, batch))
  if (isFinal(batch.phase)) {
    return invalidRequest(`Cannot cancel a batch with status '${batch.phase}'.`, null, null, 409)
  }
  if (context.var.faults.has('cancel-ignored'))
    return Response.json({ ...shownBatch(route.simulator.host, batch), status: 'cancelling' })
  return Response.json(shownBatch(route.simulator.host, await route.runner.cancel(batch)))
}

function noSuchBatch(id: string): Response {
  return invalidRequest(`No batch found with id '${id}'.`, null, null, 404)
}
