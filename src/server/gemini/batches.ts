import { HOUR_MS } from '../../lib/duration.ts'
import { isJsonObject, stringOf } from '../../lib/json.ts'
import { type BatchDraft, createBatch } from '../batch/create.ts'
import { nowOrLater } from '../http/break-call.ts'
import type { ServerContext } from '../http/environment.ts'
import { storeInline } from '../http/inline.ts'
import { jsonOf, listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { isModel } from '../models.ts'
import { type BatchRecord, isFinal } from '../state/record.ts'
import { geminiError, noSuchBatch, noSuchFile, noSuchModel } from './errors.ts'
import { inputRefusal } from './input-refusal.ts'
import { NAME_KEY, operationOf } from './operation.ts'
import { tokenPage } from './page.ts'

/** What has not ended by then has expired (page on the batch API). */
const WINDOW_MS = 48 * HOUR_MS

/** `POST /models/{model}:batchGenerateContent`, and the same for embeddings. */
export async function create(
  route: RouteContext,
  context: ServerContext,
  endpoint: string,
  method: { readonly model: string; readonly name: string },
): Promise<Response> {
  const { model, name } = method
  if (!isModel(model)) return noSuchModel(model, name)
  const call = await jsonOf(context)
  const batch = isJsonObject(call) && isJsonObject(call['batch']) ? call['batch'] : undefined
  const displayName = stringOf(batch?.['displayName'] ?? batch?.['display_name'])
  const input = batch?.['inputConfig'] ?? batch?.['input_config']
  if (!displayName || !isJsonObject(input))
    return geminiError(400, 'batch.display_name and batch.input_config are required.')
  const asked = { endpoint, model, displayName, input }
  return await nowOrLater(route.runner, context, () => createNow(route, context, asked))
}

interface Asked {
  readonly endpoint: string
  readonly model: string
  readonly displayName: string
  readonly input: Readonly<Record<string, unknown>>
}

async function createNow(route: RouteContext, context: ServerContext, asked: Asked): Promise<Response> {
  const { displayName, endpoint, model } = asked
  const owner = ownerOf(route, context)
  const input = await inputOf(route, context, asked.input)
  if (input instanceof Response) return input
  const refused = await inputRefusal(route, owner, { model, fileId: input.id })
  if (refused) return refused
  const draft: BatchDraft = {
    owner,
    endpoint,
    model,
    inputFileIds: [input.id],
    isInline: input.isInline,
    metadata: { [NAME_KEY]: displayName },
    windowMs: WINDOW_MS,
    outputLifeSeconds: null,
  }
  return Response.json(
    await operationOf(route, await createBatch(route.simulator, route.runner, draft, context.var.faults)),
  )
}

/** The stored file that a create names, or one that is made of the requests in the call itself. */
async function inputOf(
  route: RouteContext,
  context: ServerContext,
  input: Asked['input'],
): Promise<{ readonly id: string; readonly isInline: boolean } | Response> {
  const owner = ownerOf(route, context)
  const name = stringOf(input['fileName'] ?? input['file_name'])
  if (name !== undefined) {
    const id = name.replace(/^files\//, '')
    const isThere = route.simulator.state.file(owner, id) && !context.var.faults.has('file-not-found')
    return isThere ? { id, isInline: false } : noSuchFile(id)
  }
  const given = isJsonObject(input['requests']) ? input['requests']['requests'] : undefined
  if (!Array.isArray(given)) return geminiError(400, 'The input of a batch must be a file or a list of requests.')
  const lines = given.filter(isJsonObject).map(({ metadata, request }) => ({
    key: isJsonObject(metadata) ? metadata['key'] : undefined,
    request,
  }))
  return { id: (await storeInline(route, owner, lines)).id, isInline: true }
}

/** `GET /batches`; it takes no filter. */
export async function listBatches(route: RouteContext, context: ServerContext): Promise<Response> {
  const batches = route.simulator.state.batchesOf(ownerOf(route, context), listedUntilMs(route, context))
  return await tokenPage(context, 'operations', batches, (batch) => operationOf(route, batch, { isListed: true }))
}

/** `GET /batches/{id}`. */
export async function showBatch(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  return batch ? Response.json(await operationOf(route, batch)) : noSuchBatch(id)
}

/** `POST /batches/{id}:cancel`. */
export async function cancel(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (isFinal(batch.phase)) return geminiError(400, `Batch batches/${id} has ended and cannot be cancelled.`)
  if (batch.phase !== 'cancelling' && !context.var.faults.has('cancel-ignored')) await route.runner.cancel(batch)
  return Response.json({})
}

/** `DELETE /batches/{id}`; the results go with it. */
export async function removeBatch(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  await route.simulator.state.batches.put({ ...batch, isDeleted: true })
  return Response.json({})
}

/** The batch of this id, where the account may see it by now. */
export function findBatch(route: RouteContext, context: ServerContext, id: string): BatchRecord | undefined {
  const { clock, state } = route.simulator
  return state.batch(ownerOf(route, context), id, clock.now())
}
