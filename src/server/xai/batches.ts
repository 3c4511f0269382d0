import { DAY_MS } from '../../lib/duration.ts'
import { isJsonObject, stringOf } from '../../lib/json.ts'
import { type BatchDraft, createBatch } from '../batch/create.ts'
import { nowOrLater } from '../http/break-call.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { jsonOf, listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { noSuchFile } from '../http/stored-file.ts'
import { type BatchRecord, isFinal } from '../state/record.ts'
import { XAI } from './dialect.ts'
import { entriesOf } from './entries.ts'
import { tokenPage } from './page.ts'
import { NAME_KEY, shownBatch } from './shown-batch.ts'

/** A batch and its results live for so long. */
const WINDOW_MS = 30 * DAY_MS

/** `POST /batches`, of a stored file; batches that are filled by further calls are not simulated. */
export async function create(route: RouteContext, context: ServerContext): Promise<Response> {
  const call = await jsonOf(context)
  const name = isJsonObject(call) ? stringOf(call['name']) : undefined
  const fileId = isJsonObject(call) ? stringOf(call['input_file_id']) : undefined
  if (!name || !fileId) return invalidRequest('A batch needs a name and an input_file_id.', null, null)
  return await nowOrLater(route.runner, context, () => createNow(route, context, { name, fileId }))
}

async function createNow(
  route: RouteContext,
  context: ServerContext,
  { fileId, name }: { readonly name: string; readonly fileId: string },
): Promise<Response> {
  const owner = ownerOf(route, context)
  const { faults } = context.var
  const file = route.simulator.state.file(owner, fileId)
  if (!file || faults.has('file-not-found')) return noSuchFile(route, fileId)
  const draft: BatchDraft = {
    owner,
    endpoint: XAI.endpoints[0] ?? '',
    model: null,
    inputFileIds: [file.id],
    isInline: false,
    metadata: { [NAME_KEY]: name },
    windowMs: WINDOW_MS,
    outputLifeSeconds: null,
  }
  return shown(route, await createBatch(route.simulator, route.runner, draft, faults))
}

/** `GET /batches`, newest first. */
export function listBatches(route: RouteContext, context: ServerContext): Response {
  const { state } = route.simulator
  const batches = state.batchesOf(ownerOf(route, context), listedUntilMs(route, context))
  return tokenPage(context, 'batches', batches, (batch) => shownBatch(state, batch))
}

/** `GET /batches/{id}`. */
export function showBatch(route: RouteContext, context: ServerContext, id: string): Response {
  const batch = findBatch(route, context, id)
  return batch ? shown(route, batch) : noSuchBatch(id)
}

/** `GET /batches/{id}/results`; refused before the end, because what it gives then is not known. */
export async function results(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  const hasEnded = isFinal(batch.phase) || batch.phase === 'finalizing'
  if (!hasEnded) return invalidRequest('The batch has requests that are pending.', null, null)
  return tokenPage(context, 'results', await entriesOf(route.simulator.state, batch), (entry) => entry)
}

/** `POST /batches/{id}:cancel`. */
export async function cancel(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (isFinal(batch.phase)) return invalidRequest('The batch has ended.', null, null)
  const isIgnored = batch.phase === 'cancelling' || context.var.faults.has('cancel-ignored')
  return shown(route, isIgnored ? batch : await route.runner.cancel(batch))
}

function shown({ simulator }: RouteContext, batch: BatchRecord): Response {
  return Response.json(shownBatch(simulator.state, batch))
}

function findBatch(route: RouteContext, context: ServerContext, id: string): BatchRecord | undefined {
  const { clock, state } = route.simulator
  return state.batch(ownerOf(route, context), id, clock.now())
}

function noSuchBatch(id: string): Response {
  return invalidRequest(`Batch ${id} does not exist.`, null, null, 404)
}
