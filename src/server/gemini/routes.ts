import { Hono } from 'hono'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { cancel, create, listBatches, removeBatch, showBatch } from './batches.ts'
import { deleteFile, download, listFiles, showFile } from './files.ts'
import { listModels, showModel } from './models.ts'
import { Uploads } from './upload.ts'

/** Methods of a model, and the endpoint whose requests each of them answers. */
const METHODS = [
  { endpoint: '/v1/chat/completions', batch: 'batchGenerateContent', direct: 'generateContent' },
  { endpoint: '/v1/embeddings', batch: 'asyncBatchEmbedContent', direct: 'embedContent' },
] as const

/** All routes below each of the API's three roots. */
export function geminiRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  const uploads = new Uploads(route)
  routes.post('/files', on(route, 'upload'), (context) => uploads.answer(context))
  routes.get('/files', on(route, 'files'), (context) => listFiles(route, context))
  routes.get('/files/:call{[^/]+:download}', on(route, 'content'), (context) =>
    download(route, context, resourceIn(context.req.param('call'))),
  )
  routes.get('/files/:id', on(route, 'file'), (context) => showFile(route, context, context.req.param('id')))
  routes.delete('/files/:id', on(route, 'delete'), (context) => deleteFile(route, context, context.req.param('id')))
  for (const { batch, direct, endpoint } of METHODS) {
    routes.post(`/models/:call{[^/]+:${batch}}`, on(route, 'create'), (context) =>
      create(route, context, endpoint, { model: resourceIn(context.req.param('call')), name: batch }),
    )
    routes.post(`/models/:call{[^/]+:${direct}}`, on(route, 'direct'), (context) =>
      answerDirectly(route, endpoint, context, resourceIn(context.req.param('call'))),
    )
  }
  routes.get('/models', on(route, 'models'), (context) => listModels(route, context))
  routes.get('/models/:id', on(route, 'models'), (context) => showModel(route, context.req.param('id')))
  routes.get('/batches', on(route, 'list'), (context) => listBatches(route, context))
  routes.post('/batches/:call{[^/]+:cancel}', on(route, 'cancel'), (context) =>
    cancel(route, context, resourceIn(context.req.param('call'))),
  )
  routes.get('/batches/:id', on(route, 'get'), (context) => showBatch(route, context, context.req.param('id')))
  routes.delete('/batches/:id', on(route, 'remove'), (context) => removeBatch(route, context, context.req.param('id')))
  return routes
}

/** The resource in a path such as `abc:cancel`. */
function resourceIn(call: string): string {
  return call.slice(0, call.lastIndexOf(':'))
}
