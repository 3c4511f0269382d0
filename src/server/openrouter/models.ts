import type { ServerContext } from '../http/environment.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { modelNames, toldOf } from '../models.ts'

/** 2026-01-15, in epoch seconds. */
const CREATED = 1_768_435_200

/** `GET /models`, of which only what matters to batches is simulated. */
export function listModels(route: RouteContext, context: ServerContext): Response {
  const data = modelNames(route.simulator, ownerOf(route, context)).map((id) => ({
    id,
    name: id,
    created: CREATED,
    expiration_date: toldOf(route.simulator, id).endsAt ?? null,
  }))
  return Response.json({ data })
}
