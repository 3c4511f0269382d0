import { Hono } from 'hono'
import { DIALECT } from '../dialect.ts'
import { type Desk, on } from '../http/desk.ts'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { content, deleteFile, listFiles, showFile, upload } from './files.ts'
import { cancel, create, listJobs, removeJob, showJob } from './jobs.ts'
import { listModels, showModel } from './models.ts'
import { signedUrl } from './signed-url.ts'

/** All routes below `/mistral/v1`. */
export function mistralRoutes(desk: Desk): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.post('/files', on(desk, 'upload'), (context) => upload(desk, context))
  routes.get('/files', on(desk, 'files'), (context) => listFiles(desk, context))
  routes.get('/files/:id', on(desk, 'file'), (context) => showFile(desk, context, context.req.param('id')))
  routes.get('/files/:id/content', on(desk, 'content'), (context) => content(desk, context, context.req.param('id')))
  routes.get('/files/:id/url', on(desk, 'file'), (context) => signedUrl(desk, context, context.req.param('id')))
  routes.delete('/files/:id', on(desk, 'delete'), (context) => deleteFile(desk, context, context.req.param('id')))
  routes.post('/batch/jobs', on(desk, 'create'), (context) => create(desk, context))
  routes.get('/batch/jobs', on(desk, 'list'), (context) => listJobs(desk, context))
  routes.get('/batch/jobs/:id', on(desk, 'get'), (context) => showJob(desk, context, context.req.param('id')))
  routes.delete('/batch/jobs/:id', on(desk, 'remove'), (context) => removeJob(desk, context, context.req.param('id')))
  routes.post('/batch/jobs/:id/cancel', on(desk, 'cancel'), (context) => cancel(desk, context, context.req.param('id')))
  routes.get('/models', on(desk, 'models'), (context) => listModels(desk, context))
  routes.get('/models/:id', on(desk, 'models'), (context) => showModel(context.req.param('id')))
  for (const endpoint of DIALECT.mistral.endpoints) {
    routes.post(endpoint.replace('/v1', ''), on(desk, 'direct'), (context) => answerDirectly(desk, endpoint, context))
  }
  return routes
}
