import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { isModel, modelNames, toldOf } from '../models.ts'

/** 2026-01-15, the day of every snapshot of the simulator, in epoch seconds. */
const CREATED = 1_768_435_200

/** `GET /models`. */
export async function listModels(route: RouteContext, context: ServerContext): Promise<Response> {
  const told = await route.simulator.executor.models?.(context.req.raw.signal)
  if (told) return told
  return Response.json({
    object: 'list',
    data: modelNames(route.simulator, ownerOf(route, context)).map((name) => modelObject(route, name)),
  })
}

/** `GET /models/{model}`. */
export function showModel(route: RouteContext, name: string): Response {
  if (isModel(name)) return Response.json(modelObject(route, name))
  return invalidRequest(`The model '${name}' does not exist`, 'model_not_found', 'model', 404)
}

function modelObject({ simulator }: RouteContext, name: string): object {
  const { endsAt } = toldOf(simulator, name)
  return {
    id: name,
    object: 'model',
    created: CREATED,
    owned_by: 'system',
    ...(endsAt === undefined ? {} : { shutdown_date: endsAt }),
  }
}
