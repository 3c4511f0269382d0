import type { MiddlewareHandler } from 'hono'
import type { Environment } from './environment.ts'

/**
 * Refuses requests that a web page could have made: with a host name that was pointed at this machine (DNS
 * rebinding), or with a foreign origin. API clients send neither.
 */
export const loopbackOnly: MiddlewareHandler<Environment> = async (context, next) => {
  const host = (context.req.header('host') ?? '').replace(/:\d+$/, '')
  const origin = context.req.header('origin')
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(host)
  const isForeign = origin !== undefined && !URL.canParse(origin)
  const originHost = origin !== undefined && !isForeign ? new URL(origin).hostname : host
  if (!isLocal || isForeign || originHost !== host) {
    return Response.json({ error: { message: 'The local batch server answers local programs only.' } }, { status: 403 })
  }
  await next()
  return undefined
}
