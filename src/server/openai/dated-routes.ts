import { Hono } from 'hono'
import { answerDirectly } from '../http/direct.ts'
import type { Environment } from '../http/environment.ts'
import { on, type RouteContext } from '../http/route-context.ts'
import { openaiRoutes } from './routes.ts'

/** The older family of addresses of a host that dates its API: the same routes, the version in the query of every call. */
export function datedRoutes(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.use(async (context, next) => {
    if (context.req.query('api-version') !== undefined) return await next()
    return Response.json({ error: { code: '404', message: 'Resource not found' } }, { status: 404 })
  })
  routes.post('/deployments/:deployment/chat/completions', on(route, 'direct'), (context) =>
    answerDirectly(route, '/v1/chat/completions', context),
  )
  routes.route('/', openaiRoutes(route))
  return routes
}
