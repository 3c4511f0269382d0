import { Hono, type MiddlewareHandler } from 'hono'
import { anthropicRoutes } from '../anthropic/routes.ts'
import type { BatchRunner } from '../batch/batch-runner.ts'
import { DIALECT, dialectOf } from '../dialects.ts'
import { geminiRoutes } from '../gemini/routes.ts'
import { mistralRoutes } from '../mistral/routes.ts'
import { SIGNED_FILES, signedContent } from '../mistral/signed-url.ts'
import { datedRoutes } from '../openai/dated-routes.ts'
import { playedDialect } from '../openai/host.ts'
import { openaiRoutes } from '../openai/routes.ts'
import { SIGNED_UPLOADS, signedUploads } from '../openai/signed-upload.ts'
import { openrouterRoutes } from '../openrouter/routes.ts'
import { usualError } from '../simulate/provider-error.ts'
import type { Simulator } from '../simulator.ts'
import { digestOf } from '../state/identifier.ts'
import type { DialectName } from '../state/record.ts'
import { xaiRoutes } from '../xai/routes.ts'
import { authorise, type KeyRing } from './authorise.ts'
import { controlRoutes } from './control.ts'
import type { Environment } from './environment.ts'
import { errorAnswer, invalidRequest } from './error-answer.ts'
import { loopbackOnly } from './loopback-only.ts'
import { on, type RouteContext } from './route-context.ts'

/** What is answered below the prefixes of each dialect. */
const ROUTES: Readonly<Record<DialectName, (route: RouteContext) => Hono<Environment>>> = {
  openai: openaiRoutes,
  mistral: mistralRoutes,
  anthropic: anthropicRoutes,
  gemini: geminiRoutes,
  openrouter: openrouterRoutes,
  xai: xaiRoutes,
}

/** Everything the server answers, as one hono application. */
export function buildApp(simulator: Simulator, runner: BatchRunner, ring: KeyRing): Hono<Environment> {
  const app = new Hono<Environment>()
  app.use(loopbackOnly)
  app.use(numberRequests())
  if (ring.acceptedKeys && isReal(simulator)) app.use('/simulator/*', authorise(DIALECT.openai, ring))
  app.route('/simulator', controlRoutes(simulator, runner))
  const mistral: RouteContext = { simulator, runner, dialect: 'mistral' }
  app.get(`${SIGNED_FILES}/:id`, on(mistral, 'content'), (context) =>
    signedContent(mistral, context, context.req.param('id')),
  )
  const openai: RouteContext = { simulator, runner, dialect: 'openai' }
  if (simulator.host.are.has('signed-uploads')) app.route(SIGNED_UPLOADS, signedUploads(openai))
  for (const name of simulator.dialects) {
    const dialect = name === 'openai' ? playedDialect(simulator.host) : DIALECT[name]
    for (const prefix of dialect.prefixes) {
      app.use(`${prefix}/*`, authorise(dialect, ring))
      app.route(prefix, ROUTES[name]({ simulator, runner, dialect: name }))
    }
  }
  if (simulator.host.are.has('dated-api')) {
    app.use('/openai/*', authorise(playedDialect(simulator.host), ring))
    app.route('/openai', datedRoutes(openai))
  }
  app.notFound((context) => invalidRequest(`Invalid URL (${context.req.method} ${context.req.path})`, null, null, 404))
  app.onError((error, context) =>
    errorAnswer(dialectOf(context.req.path).name, { ...usualError(500), message: error.message }),
  )
  return app
}

/** True where answers cost something, so that the books are not for other users of the machine. */
function isReal({ executor }: Simulator): boolean {
  return executor.endpoints !== undefined
}

/** Puts a request id on every answer, as both APIs do. */
function numberRequests(): MiddlewareHandler<Environment> {
  let count = 0
  return async (context, next) => {
    count += 1
    const id = `req_${digestOf('request', count).slice(0, 32)}`
    await next()
    context.res.headers.set('x-request-id', id)
  }
}
