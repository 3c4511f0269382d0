import { type BatchDraft, createBatch } from '../batch/create.ts'
import { resetConnection } from '../http/break-call.ts'
import { type Desk, jsonOf, listedUntilMs, ownerOf } from '../http/desk.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { isFinal } from '../state/record.ts'
import { batchObject } from './batch-object.ts'
import { type CreateCall, checkCreate } from './check-create.ts'
import { cursorPage } from './page.ts'

/** By OpenAI's API description: `GET /batches` gives 20 batches, or up to 100. */
const BATCH_PAGE = { standard: 20, most: 100 }

/** The only completion window there is. */
const WINDOW_MS = 86_400_000

/** `POST /batches`. */
export async function create(desk: Desk, context: ServerContext): Promise<Response> {
  const call = checkCreate(await jsonOf(context))
  if (call instanceof Response) return call
  const { faults } = context.var
  if (!faults.has('delayed')) return await createNow(desk, context, call)
  desk.workshop.later(faults.milliseconds('delayed'), async () => {
    await createNow(desk, context, call)
  })
  return resetConnection(context)
}

async function createNow(desk: Desk, context: ServerContext, call: CreateCall): Promise<Response> {
  const owner = ownerOf(desk, context)
  const file = desk.simulator.state.file(owner, call.inputFileId)
  if (!file || context.var.faults.has('file-not-found')) {
    const text = `Cannot find file ${call.inputFileId}, or project proj_simulated does not have access to it.`
    return invalidRequest(text, null, 'input_file_id')
  }
  if (file.purpose !== 'batch') {
    return invalidRequest(`Invalid file purpose: ${file.purpose}. Expected 'batch'.`, 'invalid_value', 'input_file_id')
  }
  const { endpoint, metadata, outputLifeSeconds } = call
  const common = { owner, endpoint, metadata, outputLifeSeconds, windowMs: WINDOW_MS }
  const draft: BatchDraft = { ...common, model: null, inputFileIds: [file.id], isInline: false }
  return Response.json(batchObject(await createBatch(desk.simulator, desk.workshop, draft, context.var.faults)))
}

/** `GET /batches`. */
export function listBatches(desk: Desk, context: ServerContext): Response {
  const batches = desk.simulator.state.batchesOf(ownerOf(desk, context), listedUntilMs(desk, context))
  return cursorPage(context, batches, BATCH_PAGE, batchObject)
}

/** `GET /batches/{id}`. */
export function showBatch(desk: Desk, context: ServerContext, id: string): Response {
  const { state, clock } = desk.simulator
  const batch = state.batch(ownerOf(desk, context), id, clock.now())
  return batch ? Response.json(batchObject(batch)) : noSuchBatch(id)
}

/** `POST /batches/{id}/cancel`. */
export async function cancel(desk: Desk, context: ServerContext, id: string): Promise<Response> {
  const { state, clock } = desk.simulator
  const batch = state.batch(ownerOf(desk, context), id, clock.now())
  if (!batch) return noSuchBatch(id)
  if (batch.phase === 'cancelling') return Response.json(batchObject(batch))
  if (isFinal(batch.phase)) {
    return invalidRequest(`Cannot cancel a batch with status '${batch.phase}'.`, null, null, 409)
  }
  if (context.var.faults.has('cancel-ignored')) return Response.json({ ...batchObject(batch), status: 'cancelling' })
  return Response.json(batchObject(await desk.workshop.cancel(batch)))
}

function noSuchBatch(id: string): Response {
  return invalidRequest(`No batch found with id '${id}'.`, null, null, 404)
}
