import type { MiddlewareHandler } from 'hono'
import type { Dialect } from '../dialect.ts'
import type { Environment } from './environment.ts'

/** Which keys are let in, and whose they are. */
export interface KeyRing {
  readonly acceptedKeys?: readonly string[] | undefined
  readonly accounts?: Readonly<Record<string, string>> | undefined
}

const DEFAULT_ACCOUNT = 'default'

/** Lets requests with a good key in and notes its account. */
export function authorise(dialect: Dialect, ring: KeyRing): MiddlewareHandler<Environment> {
  return async (context, next) => {
    const key = dialect.keyOf((name) => context.req.header(name))
    if (key === undefined || (ring.acceptedKeys && !ring.acceptedKeys.includes(key))) {
      return dialect.refusedKey(key)
    }
    context.set('account', ring.accounts?.[key] ?? DEFAULT_ACCOUNT)
    await next()
    return undefined
  }
}
