import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { grouped } from '../../lib/number.ts'
import { access } from './access.ts'
import { backgroundOf, backgroundPlace, cancelBackground, showBackground } from './background.ts'
import { dropCall, showCall, takeCall } from './call-routes.ts'
import type { GatewaySurroundings } from './environment.ts'
import { listModels } from './models.ts'
import { passOrRefuse } from './pass.ts'
import { notYet, refusal, thrownError } from './replies.ts'

/** Everything that a gateway answers, as one hono application. */
export function buildGatewayApp(surroundings: GatewaySurroundings): Hono {
  const app = new Hono()
  app.use(access(surroundings))
  app.use(
    bodyLimit({
      maxSize: surroundings.mostBytes,
      onError: () => {
        const message = `the body is longer than ${grouped(surroundings.mostBytes)} bytes`
        return refusal({ status: 413, code: 'too_large', message }, surroundings)
      },
    }),
  )
  app.get('/v1/models', (context) => listModels(context, surroundings))
  app.get('/v1/calls/:token', (context) => showCall(surroundings, context.req.param('token')))
  app.delete('/v1/calls/:token', (context) => dropCall(surroundings, context.req.param('token')))
  addBackground(app, surroundings)
  app.post('/v1/*', (context) => takeCall(context, surroundings))
  app.all('*', (context) =>
    passOrRefuse(context, surroundings, `batches do not take ${context.req.method} ${context.req.path}`),
  )
  app.onError((error) =>
    surroundings.stopping.aborted ? notYet('stopping', surroundings) : thrownError(error, surroundings),
  )
  return app
}

/** Answers that are fetched later, where the provider has them; those of ids that are not ours may be the provider's. */
function addBackground(app: Hono, surroundings: GatewaySurroundings): void {
  const background = backgroundOf(surroundings.gateway.provider)
  if (background === undefined) return
  const { endpoint, shape } = background
  const mayBePassed = (id: string): boolean => surroundings.isPassing && backgroundPlace(id, shape) === undefined
  app.get(`${endpoint}/:id`, (context) => {
    const id = context.req.param('id')
    return mayBePassed(id) ? passOrRefuse(context, surroundings, '') : showBackground(id, shape, surroundings)
  })
  app.post(`${endpoint}/:id/cancel`, (context) => {
    const id = context.req.param('id')
    return mayBePassed(id) ? passOrRefuse(context, surroundings, '') : cancelBackground(id, shape, surroundings)
  })
}
