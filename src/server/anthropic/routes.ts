import { Hono } from 'hono'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { cancel, create, listBatches, removeBatch, results, showBatch } from './batches.ts'
import { listModels, showModel } from './models.ts'
import { checkParams, versioned } from './version.ts'

/** All routes below `/anthropic/v1`. */
export function anthropicRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.use(versioned)
  routes.post('/messages/batches', on(route, 'create'), (context) => create(route, context))
  routes.get('/messages/batches', on(route, 'list'), (context) => listBatches(route, context))
  routes.get('/messages/batches/:id', on(route, 'get'), (context) => showBatch(route, context, context.req.param('id')))
  routes.delete('/messages/batches/:id', on(route, 'remove'), (context) =>
    removeBatch(route, context, context.req.param('id')),
  )
  routes.post('/messages/batches/:id/cancel', on(route, 'cancel'), (context) =>
    cancel(route, context, context.req.param('id')),
  )
  routes.get('/messages/batches/:id/results', on(route, 'content'), (context) =>
    results(route, context, context.req.param('id')),
  )
  routes.post('/messages', on(route, 'direct'), checkParams, (context) =>
    answerDirectly(route, '/v1/chat/completions', context),
  )
  routes.get('/models', on(route, 'models'), (context) => listModels(route, context))
  routes.get('/models/:id', on(route, 'models'), (context) => showModel(route, context.req.param('id')))
  return routes
}
