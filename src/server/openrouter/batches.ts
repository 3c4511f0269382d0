import { DAY_MS } from '../../lib/duration.ts'
import type { JsonObject } from '../../lib/json.ts'
import { createBatch } from '../batch/create.ts'
import { nowOrLater } from '../http/break-call.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { resultsOf, storeInline } from '../http/inline.ts'
import { listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { batchObject } from '../openai/batch-object.ts'
import { cursorPage } from '../openai/page.ts'
import { maxRequests } from '../simulator.ts'
import { type BatchRecord, isFinal } from '../state/record.ts'
import { type CreateCall, checkCreate } from './check-create.ts'

/** By the documents of its SDK: 20 batches of a page, or up to 100. */
const BATCH_PAGE = { standard: 20, most: 100 }

/** Answers of a page; few, so that a small batch has several pages, and a large one not too many. */
const RESULT_PAGE = { least: 4, ofAll: 1 / 20 }

/** `POST /batches`: the whole input comes in the call. 202 means that it is kept, not that it is right. */
export async function create(route: RouteContext, context: ServerContext): Promise<Response> {
  const call = checkCreate(await context.req.text(), maxRequests(route.simulator, 'openrouter'))
  if (call instanceof Response) return call
  return await nowOrLater(route.runner, context, () => createNow(route, context, call))
}

async function createNow(route: RouteContext, context: ServerContext, call: CreateCall): Promise<Response> {
  const owner = ownerOf(route, context)
  const { callbackUrl, endpoint, model, requests } = call
  const file = await storeInline(route, owner, requests)
  const draft = {
    owner,
    endpoint,
    model,
    inputFileIds: [file.id],
    isInline: true,
    // Kept there because the API itself has no metadata.
    metadata: callbackUrl === null ? null : { callback_url: callbackUrl },
    windowMs: DAY_MS,
    outputLifeSeconds: null,
    total: requests.length,
  }
  const batch = await createBatch(route.simulator, route.runner, draft, context.var.faults)
  return Response.json(shown(batch), { status: 202 })
}

/** `GET /batches`, newest first. */
export function listBatches(route: RouteContext, context: ServerContext): Response {
  const batches = route.simulator.state.batchesOf(ownerOf(route, context), listedUntilMs(route, context))
  return cursorPage(context, batches, BATCH_PAGE, shown)
}

/** `GET /batches/{id}`; the answers of an ended batch come along. */
export async function showBatch(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  const answers = isFinal(batch.phase) ? { results: await resultsOf(route.simulator.state, batch) } : {}
  return Response.json({ ...shown(batch), ...answers })
}

/** `GET /batches/{id}/results`: the answers of an ended batch by pages, with a cursor. */
export async function results(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (!isFinal(batch.phase)) return invalidRequest('The batch has not ended.', null, null, 409)
  const all = await resultsOf(route.simulator.state, batch)
  const start = Number(context.req.query('cursor') ?? 0)
  const end = start + Math.max(RESULT_PAGE.least, Math.ceil(all.length * RESULT_PAGE.ofAll))
  const hasMore = end < all.length
  const cursor = { has_more: hasMore, next_cursor: hasMore ? String(end) : null }
  return Response.json({ object: 'list', data: all.slice(start, end), ...cursor })
}

/** `DELETE /batches/{id}`; only a batch that has ended can be deleted. */
export async function removeBatch(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findBatch(route, context, id)
  if (!batch) return noSuchBatch(id)
  if (!isFinal(batch.phase)) return invalidRequest('The batch has not ended.', null, null, 409)
  await route.simulator.state.batches.put({ ...batch, isDeleted: true })
  return Response.json({ id, object: 'batch', deletion: { openrouter: 'deleted' } })
}

/** The batch as OpenRouter shows it: nothing of its input, one reason in the place of a list. */
function shown(batch: BatchRecord): JsonObject {
  const { completion_window, created_at, endpoint, id, model, object, request_counts, status, usage } =
    batchObject(batch)
  const [problem] = batch.problems
  const error = problem === undefined ? null : { code: problem.code, message: problem.message }
  return { id, object, endpoint, model, status, completion_window, created_at, request_counts, usage, error }
}

function findBatch(route: RouteContext, context: ServerContext, id: string): BatchRecord | undefined {
  const { state, clock } = route.simulator
  return state.batch(ownerOf(route, context), id, clock.now())
}

function noSuchBatch(id: string): Response {
  return invalidRequest(`No batch found with id '${id}'.`, null, null, 404)
}
