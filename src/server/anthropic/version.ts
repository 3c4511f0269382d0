import type { MiddlewareHandler } from 'hono'
import { isJsonObject } from '../../lib/json.ts'
import type { Environment, ServerContext } from '../http/environment.ts'
import { jsonOf } from '../http/route-context.ts'
import { refuse } from './dialect.ts'
import { STRICT_VERSION, strictFlaw } from './strict-version.ts'

/** Versions of the API that the server knows. */
const VERSIONS: readonly string[] = ['2023-06-01', STRICT_VERSION]

/** The version of the API that a call names; undefined where it names none. */
export function versionOf(context: ServerContext): string | undefined {
  return context.req.header('anthropic-version')
}

/** Refuses calls that do not name a version of the API. */
export const versioned: MiddlewareHandler<Environment> = async (context, next) => {
  const version = versionOf(context)
  if (version === undefined) return refuse(400, 'anthropic-version: header is required')
  if (!VERSIONS.includes(version)) return refuse(400, `anthropic-version: "${version}" is not a valid version`)
  await next()
  return undefined
}

/** Refuses a synchronous call whose params its version does not take. */
export const checkParams: MiddlewareHandler<Environment> = async (context, next) => {
  const params = versionOf(context) === STRICT_VERSION ? await jsonOf(context) : undefined
  const flaw = isJsonObject(params) ? strictFlaw(params) : undefined
  if (flaw !== undefined) return refuse(400, flaw)
  await next()
  return undefined
}
