import { DAY_MS } from '../../lib/duration.ts'
import { type BatchDraft, createBatch } from '../batch/create.ts'
import { nowOrLater } from '../http/break-call.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { jsonOf, listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { isFinal } from '../state/record.ts'
import { batchObject } from './batch-object.ts'
import { type CreateCall, checkCreate } from './check-create.ts'
import { cursorPage } from './page.ts'

/** By OpenAI's API description: `GET /batches` gives 20 batches, or up to 100. */
const BATCH_PAGE = { standard: 20, most: 100 }

/** `POST /batches`. */
export async function create(route: RouteContext, context: ServerContext): Promise<Response> {
  const call = checkCreate(await jsonOf(context))
  if (call instanceof Response) return call
  return await nowOrLater(route.runner, context, () => createNow(route, context, call))
}

async function createNow(route: RouteContext, context: ServerContext, call: CreateCall): Promise<Response> {
  const owner = ownerOf(route, context)
  const file = route.simulator.state.file(owner, call.inputFileId)
  if (!file || context.var.faults.has('file-not-found')) {
    const text = `Cannot find file ${call.inputFileId}, or project proj_simulated does not have access to it.`
    return invalidRequest(text, null, 'input_file_id')
  }
  if (file.purpose !== 'batch') {
    return invalidRequest(`Invalid file purpose: ${file.purpose}. Expected 'batch'.`, 'invalid_value', 'input_file_id')
  }
  const { endpoint, metadata, outputLifeSeconds } = call
  const common = { owner, endpoint, metadata, outputLifeSeconds, windowMs: DAY_MS }
  const draft: BatchDraft = { ...common, model: null, inputFileIds: [file.id], isInline: false }
  return Response.json(batchObject(await createBatch(route.simulator, route.runner, draft, context.var.faults)))
}

/** `GET /batches`. */
export function listBatches(route: RouteContext, context: ServerContext): Response {
  const batches = route.simulator.state.batchesOf(ownerOf(route, context), listedUntilMs(route, context))
  return cursorPage(context, batches, BATCH_PAGE, batchObject)
}

/** `GET /batches/{id}`. */
export function showBatch(route: RouteContext, context: ServerContext, id: string): Response {
  const { state, clock } = route.simulator
  const batch = state.batch(ownerOf(route, context), id, clock.now())
  return batch ? Response.json(batchObject(batch)) : noSuchBatch(id)
}

/** `POST /batches/{id}/cancel`. */
export async function cancel(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const { state, clock } = route.simulator
  const batch = state.batch(ownerOf(route, context), id, clock.now())
  if (!batch) return noSuchBatch(id)
  if (batch.phase === 'cancelling') return Response.json(batchObject(batch))
  if (isFinal(batch.phase)) {
    return invalidRequest(`Cannot cancel a batch with status '${batch.phase}'.`, null, null, 409)
  }
  if (context.var.faults.has('cancel-ignored')) return Response.json({ ...batchObject(batch), status: 'cancelling' })
  return Response.json(batchObject(await route.runner.cancel(batch)))
}

function noSuchBatch(id: string): Response {
  return invalidRequest(`No batch found with id '${id}'.`, null, null, 404)
}
