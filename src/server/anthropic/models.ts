import type { ServerContext } from '../http/environment.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { isModel, modelNames, toldOf } from '../models.ts'
import { refuse } from './dialect.ts'
import { idPage } from './page.ts'

const CREATED = '2026-01-15T00:00:00Z'

/** `GET /v1/models`. */
export function listModels(route: RouteContext, context: ServerContext): Response {
  const models = modelNames(route.simulator, ownerOf(route, context)).map((id) => ({ id }))
  return idPage(context, models, ({ id }) => modelInfo(route, id))
}

/** `GET /v1/models/{model}`. */
export function showModel(route: RouteContext, name: string): Response {
  return isModel(name) ? Response.json(modelInfo(route, name)) : refuse(404, `model: ${name}`)
}

function modelInfo({ simulator }: RouteContext, id: string): Record<string, unknown> {
  const supported = { supported: true }
  return {
    id,
    type: 'model',
    display_name: id,
    created_at: CREATED,
    max_input_tokens: 200_000,
    max_tokens: 64_000,
    capabilities: {
      batch: { supported: toldOf(simulator, id).canBatch },
      image_input: supported,
      pdf_input: supported,
      structured_outputs: supported,
    },
  }
}
