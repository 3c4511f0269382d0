import type { MiddlewareHandler } from 'hono'
import { VARIABLES } from '../../config/variables.ts'
import { isLocalHost } from '../../lib/http/listener.ts'
import { isSameText } from '../../lib/http/same-text.ts'
import type { GatewaySurroundings } from './environment.ts'
import { refusal } from './replies.ts'

/** Lets local programs in or, where there is a token, clients that show it: as a key, in either header for keys. */
export function access(surroundings: GatewaySurroundings): MiddlewareHandler {
  const { isLocal, token } = surroundings
  return async (context, next) => {
    const header = (name: string): string | undefined => context.req.header(name)
    if (isLocal && !isFromLocalProgram(header)) {
      const message = 'it answers programs of this machine only, by its address 127.0.0.1 or localhost'
      return refusal({ status: 403, code: 'foreign_host', message }, surroundings)
    }
    if (token !== null && !isSameText(shownToken(header), token)) {
      const message = `the key is not the token of this gateway (${VARIABLES.gatewayToken})`
      return refusal({ status: 401, code: 'invalid_token', message }, surroundings)
    }
    await next()
    return undefined
  }
}

/** False for what a web page could have sent: with a host name that was pointed at this machine, or a foreign origin. */
function isFromLocalProgram(header: (name: string) => string | undefined): boolean {
  const host = (header('host') ?? '').toLowerCase()
  const origin = header('origin')?.toLowerCase()
  // Another port is another program's page.
  return isLocalHost(host) && (origin === undefined || origin === `http://${host}`)
}

function shownToken(header: (name: string) => string | undefined): string {
  return /^Bearer\s+(\S+)$/i.exec(header('authorization') ?? '')?.[1] ?? header('x-api-key') ?? ''
}
