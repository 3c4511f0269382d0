import { Hono } from 'hono'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { cancel, create, listBatches, results, showBatch } from './batches.ts'
import { XAI } from './dialect.ts'
import { upload } from './files.ts'

/** All routes below `/xai/v1`; there is none that deletes a batch, and none that looks at a file is known. */
export function xaiRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.post('/files', on(route, 'upload'), (context) => upload(route, context))
  routes.post('/batches', on(route, 'create'), (context) => create(route, context))
  routes.get('/batches', on(route, 'list'), (context) => listBatches(route, context))
  routes.post('/batches/:call{[^/]+:cancel}', on(route, 'cancel'), (context) =>
    cancel(route, context, context.req.param('call').slice(0, -':cancel'.length)),
  )
  routes.get('/batches/:id', on(route, 'get'), (context) => showBatch(route, context, context.req.param('id')))
  routes.get('/batches/:id/results', on(route, 'content'), (context) =>
    results(route, context, context.req.param('id')),
  )
  for (const endpoint of XAI.endpoints) {
    routes.post(endpoint.replace('/v1', ''), on(route, 'direct'), (context) => answerDirectly(route, endpoint, context))
  }
  return routes
}
