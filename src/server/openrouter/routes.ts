import { Hono } from 'hono'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { create, listBatches, removeBatch, results, showBatch } from './batches.ts'
import { OPENROUTER } from './dialect.ts'
import { listModels } from './models.ts'

/** All routes below `/openrouter/api/v1`; there is none that cancels. */
export function openrouterRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.post('/batches', on(route, 'create'), (context) => create(route, context))
  routes.get('/batches', on(route, 'list'), (context) => listBatches(route, context))
  routes.get('/batches/:id', on(route, 'get'), (context) => showBatch(route, context, context.req.param('id')))
  routes.delete('/batches/:id', on(route, 'remove'), (context) => removeBatch(route, context, context.req.param('id')))
  routes.get('/batches/:id/results', on(route, 'content'), (context) =>
    results(route, context, context.req.param('id')),
  )
  routes.get('/models', on(route, 'models'), (context) => listModels(route, context))
  for (const endpoint of OPENROUTER.endpoints) {
    routes.post(endpoint.replace('/v1', ''), on(route, 'direct'), (context) => answerDirectly(route, endpoint, context))
  }
  return routes
}
