import { Hono } from 'hono'
import { DIALECT } from '../dialects.ts'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { content, deleteFile } from '../http/stored-file.ts'
import { cancel, create, listBatches, showBatch } from './batches.ts'
import { listFiles, showFile, upload } from './files.ts'
import { listModels, showModel } from './models.ts'

/** All routes below `/openai/v1`. */
export function openaiRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.post('/files', on(route, 'upload'), (context) => upload(route, context))
  routes.get('/files', on(route, 'files'), (context) => listFiles(route, context))
  routes.get('/files/:id', on(route, 'file'), (context) => showFile(route, context, context.req.param('id')))
  if (route.simulator.host.are.has('signed-uploads')) {
    routes.post('/files/:id/preprocess', (context) => showFile(route, context, context.req.param('id')))
  }
  routes.get('/files/:id/content', on(route, 'content'), (context) => content(route, context, context.req.param('id')))
  routes.delete('/files/:id', on(route, 'delete'), (context) => deleteFile(route, context, context.req.param('id')))
  routes.post('/batches', on(route, 'create'), (context) => create(route, context))
  routes.get('/batches', on(route, 'list'), (context) => listBatches(route, context))
  routes.get('/batches/:id', on(route, 'get'), (context) => showBatch(route, context, context.req.param('id')))
  routes.post('/batches/:id/cancel', on(route, 'cancel'), (context) => cancel(route, context, context.req.param('id')))
  routes.get('/models', on(route, 'models'), (context) => listModels(route, context))
  routes.get('/models/:id', on(route, 'models'), (context) => showModel(route, context.req.param('id')))
  for (const endpoint of route.simulator.executor.endpoints ?? DIALECT.openai.endpoints) {
    routes.post(endpoint.replace('/v1', ''), on(route, 'direct'), (context) => answerDirectly(route, endpoint, context))
  }
  return routes
}
