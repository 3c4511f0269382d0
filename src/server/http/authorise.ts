import type { MiddlewareHandler } from 'hono'
import type { DialectName } from '../state/record.ts'
import type { Environment } from './environment.ts'
import { invalidRequest } from './error-answer.ts'

/** Which keys are let in, and whose they are. */
export interface KeyRing {
  readonly acceptedKeys?: readonly string[] | undefined
  readonly accounts?: Readonly<Record<string, string>> | undefined
}

const DEFAULT_ACCOUNT = 'default'

/** Lets requests with a good key in and notes its account. */
export function authorise(dialect: DialectName, ring: KeyRing): MiddlewareHandler<Environment> {
  return async (context, next) => {
    const key = /^Bearer\s+(\S.*)$/i.exec(context.req.header('authorization') ?? '')?.[1]
    if (key === undefined || (ring.acceptedKeys && !ring.acceptedKeys.includes(key))) return refuse(dialect, key)
    context.set('account', ring.accounts?.[key] ?? DEFAULT_ACCOUNT)
    await next()
    return undefined
  }
}

function refuse(dialect: DialectName, key: string | undefined): Response {
  if (dialect === 'mistral') return Response.json({ detail: 'Unauthorized' }, { status: 401 })
  return key === undefined
    ? invalidRequest("You didn't provide an API key.", null, null, 401)
    : invalidRequest(`Incorrect API key provided: ${masked(key)}.`, 'invalid_api_key', null, 401)
}

/** The API shows the ends of a wrong key. */
function masked(key: string): string {
  return key.length < 12 ? '***' : `${key.slice(0, 4)}${'*'.repeat(key.length - 8)}${key.slice(-4)}`
}
