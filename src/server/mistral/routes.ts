import { Hono } from 'hono'
import { DIALECT } from '../dialects.ts'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { content, deleteFile } from '../http/stored-file.ts'
import { listFiles, showFile, upload } from './files.ts'
import { cancel, create, listJobs, removeJob, showJob } from './jobs.ts'
import { listModels, showModel } from './models.ts'
import { signedUrl } from './signed-url.ts'

/** All routes below `/mistral/v1`. */
export function mistralRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.post('/files', on(route, 'upload'), (context) => upload(route, context))
  routes.get('/files', on(route, 'files'), (context) => listFiles(route, context))
  routes.get('/files/:id', on(route, 'file'), (context) => showFile(route, context, context.req.param('id')))
  routes.get('/files/:id/content', on(route, 'content'), (context) => content(route, context, context.req.param('id')))
  routes.get('/files/:id/url', on(route, 'file'), (context) => signedUrl(route, context, context.req.param('id')))
  routes.delete('/files/:id', on(route, 'delete'), (context) => deleteFile(route, context, context.req.param('id')))
  routes.post('/batch/jobs', on(route, 'create'), (context) => create(route, context))
  routes.get('/batch/jobs', on(route, 'list'), (context) => listJobs(route, context))
  routes.get('/batch/jobs/:id', on(route, 'get'), (context) => showJob(route, context, context.req.param('id')))
  routes.delete('/batch/jobs/:id', on(route, 'remove'), (context) => removeJob(route, context, context.req.param('id')))
  routes.post('/batch/jobs/:id/cancel', on(route, 'cancel'), (context) =>
    cancel(route, context, context.req.param('id')),
  )
  routes.get('/models', on(route, 'models'), (context) => listModels(route, context))
  routes.get('/models/:id', on(route, 'models'), (context) => showModel(route, context.req.param('id')))
  for (const endpoint of DIALECT.mistral.endpoints) {
    routes.post(endpoint.replace('/v1', ''), on(route, 'direct'), (context) => answerDirectly(route, endpoint, context))
  }
  return routes
}
