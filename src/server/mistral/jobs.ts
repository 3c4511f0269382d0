import { HOUR_MS } from '../../lib/duration.ts'
import { createBatch } from '../batch/create.ts'
import { nowOrLater } from '../http/break-call.ts'
import type { ServerContext } from '../http/environment.ts'
import { errorAnswer, unknownAtMistral, unprocessable } from '../http/error-answer.ts'
import { resultsOf, storeInline } from '../http/inline.ts'
import { jsonOf, listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { usualError } from '../simulate/provider-error.ts'
import { type BatchRecord, isFinal } from '../state/record.ts'
import { type CreateCall, checkCreate } from './check-create.ts'
import { jobObject, statusOf } from './job-object.ts'
import { numberedPage } from './page.ts'

/** `POST /v1/batch/jobs`. */
export async function create(route: RouteContext, context: ServerContext): Promise<Response> {
  const call = checkCreate(await jsonOf(context))
  if (call instanceof Response) return call
  return await nowOrLater(route.runner, context, () => createNow(route, context, call))
}

async function createNow(route: RouteContext, context: ServerContext, call: CreateCall): Promise<Response> {
  const owner = ownerOf(route, context)
  const lost = call.inputFileIds.find((id) => !route.simulator.state.file(owner, id))
  if (lost !== undefined || context.var.faults.has('file-not-found')) {
    return unknownAtMistral(`No file found with id ${lost ?? call.inputFileIds[0]}.`)
  }
  const isInline = call.requests !== null
  const inputFileIds = isInline ? [(await storeInline(route, owner, call.requests ?? [])).id] : call.inputFileIds
  const { endpoint, model, metadata } = call
  const windowMs = call.timeoutHours * HOUR_MS
  const draft = { owner, endpoint, model, inputFileIds, isInline, metadata, windowMs, outputLifeSeconds: null }
  return Response.json(jobObject(await createBatch(route.simulator, route.runner, draft, context.var.faults)))
}

/**
 * `GET /v1/batch/jobs`. The filter by metadata is not offered: its effect at the real API is unconfirmed. `created_by_me`
 * changes nothing, because an account has one user here.
 */
export function listJobs(route: RouteContext, context: ServerContext): Response {
  const createdAfter = context.req.query('created_after')
  const sinceMs = createdAfter === undefined ? Number.NEGATIVE_INFINITY : Date.parse(createdAfter)
  if (Number.isNaN(sinceMs)) return unprocessable(['query', 'created_after'], 'Input should be a valid datetime')
  const agent = context.req.query('agent_id')
  const statuses = context.req.queries('status') ?? []
  const model = context.req.query('model')
  const jobs = route.simulator.state
    .batchesOf(ownerOf(route, context), listedUntilMs(route, context))
    .filter((batch) => batch.createdAtMs > sinceMs)
    .filter((batch) => statuses.length === 0 || statuses.includes(statusOf(batch.phase)))
    .filter((batch) => model === undefined || batch.model === model)
  // No simulated job belongs to an agent.
  if (agent !== undefined) jobs.length = 0
  const order = context.req.query('order_by') ?? '-created'
  if (order !== 'created' && order !== '-created') {
    return unprocessable(['query', 'order_by'], "Input should be 'created' or '-created'", 'enum')
  }
  if (order === 'created') jobs.reverse()
  return numberedPage(context, jobs, jobObject)
}

/** `GET /v1/batch/jobs/{id}`; with `inline=true` the results come along. */
export async function showJob(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findJob(route, context, id)
  if (!batch) return noSuchJob(id)
  // Mistral's own example reads the results of inline requests without asking for them.
  const inline = context.req.query('inline') ?? String(batch.isInline)
  const wantsResults = inline === 'true' && isFinal(batch.phase)
  const outputs = wantsResults ? await resultsOf(route.simulator.state, batch) : null
  return Response.json({ ...jobObject(batch), outputs })
}

/** `POST /v1/batch/jobs/{id}/cancel`. */
export async function cancel(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findJob(route, context, id)
  if (!batch) return noSuchJob(id)
  if (batch.phase === 'cancelling') return Response.json(jobObject(batch))
  if (isFinal(batch.phase)) return errorAnswer('mistral', { ...usualError(400), message: 'The job has already ended.' })
  if (context.var.faults.has('cancel-ignored')) {
    return Response.json({ ...jobObject(batch), status: statusOf('cancelling') })
  }
  return Response.json(jobObject(await route.runner.cancel(batch)))
}

/** `DELETE /v1/batch/jobs/{id}`; only a job that has ended can be deleted. */
export async function removeJob(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const batch = findJob(route, context, id)
  if (!batch) return noSuchJob(id)
  if (!isFinal(batch.phase))
    return errorAnswer('mistral', { ...usualError(400), message: 'The job has not ended yet.' })
  await route.simulator.state.batches.put({ ...batch, isDeleted: true })
  return Response.json({ id, object: 'batch', deleted: true })
}

function findJob(route: RouteContext, context: ServerContext, id: string): BatchRecord | undefined {
  const { state, clock } = route.simulator
  return state.batch(ownerOf(route, context), id, clock.now())
}

function noSuchJob(id: string): Response {
  return unknownAtMistral(`No batch job found with id ${id}.`)
}
