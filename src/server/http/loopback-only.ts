import type { MiddlewareHandler } from 'hono'
import type { Environment } from './environment.ts'

/**
 * Refuses requests that a web page could have made: with a host name that was pointed at this machine (DNS
 * rebinding), or with a foreign origin. API clients send neither.
 */
export const loopbackOnly: MiddlewareHandler<Environment> = async (context, next) => {
  const host = (context.req.header('host') ?? '').toLowerCase()
  const isLocal = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host)
  const origin = context.req.header('origin')?.toLowerCase()
  // Another port is another program's page.
  const isOwn = origin === undefined || origin === `http://${host}`
  if (!isLocal || !isOwn) {
    return Response.json({ error: { message: 'The local batch server answers local programs only.' } }, { status: 403 })
  }
  await next()
  return undefined
}
