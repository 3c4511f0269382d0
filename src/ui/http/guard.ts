import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { isLocalAddress, isLocalHost } from '../../lib/http/listener.ts'
import { isSameText } from '../../lib/http/same-text.ts'
import { THIS_PROCESS } from '../../lib/machine.ts'
import type { UiAccess } from '../surroundings.ts'
import { refusal, text } from './replies.ts'

/** Only files of the page's own folder, nothing inline, nothing from elsewhere, and no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** Puts on every answer what the browser must hold to. */
export function guardHeaders(): MiddlewareHandler {
  return async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value)
  }
}

/**
 * Lets in who shows the token: in the address once, which is moved into a cookie by a redirect, and in the cookie from then
 * on, or as a bearer's. Refuses first what another page could have had the browser send.
 */
export function guard(access: UiAccess): MiddlewareHandler {
  return async (context, next) => {
    const foreign = foreignRequest(context, access)
    if (foreign) return foreign
    const shown = context.req.path === '/' ? context.req.query('token') : undefined
    if (shown !== undefined && isSameText(shown, access.token)) {
      setCookie(context, access.cookie, access.token, { httpOnly: true, sameSite: 'Strict', path: '/' })
      return context.redirect('/', 303)
    }
    if (!isSameText(carriedToken(context, access), access.token)) return unknownReader(context)
    await next()
    return undefined
  }
}

function carriedToken(context: Context, { cookie }: UiAccess): string {
  const bearer = /^Bearer\s+(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
  return bearer ?? getCookie(context, cookie) ?? ''
}

/** Refuses a host name that was pointed at this machine, and what a page from elsewhere asks for. */
function foreignRequest(context: Context, access: UiAccess): Response | undefined {
  const host = (context.req.header('host') ?? '').toLowerCase()
  if (!isOwnHost(host, access.address)) {
    const message = 'it answers under an address of this machine only, not under the name that was asked for'
    return refusal({ status: 403, code: 'foreign_host', message, next: 'Open the address that was printed.' })
  }
  const origin = context.req.header('origin')?.toLowerCase()
  const site = context.req.header('sec-fetch-site') ?? 'none'
  const isForeignOrigin = origin !== undefined && origin !== `http://${host}`
  const isForeignSite = site !== 'none' && site !== 'same-origin' && !isVisit(context)
  if (!isForeignOrigin && !isForeignSite) return undefined
  return refusal({ status: 403, code: 'foreign_origin', message: 'another page may not ask for this' })
}

/** True where a person follows a link to the page itself, which shows nothing to the page that the link is on. */
function isVisit({ req }: Context): boolean {
  return req.method === 'GET' && req.path === '/' && req.header('sec-fetch-mode') === 'navigate'
}

/** On loopback its names; on another address also numbers, which no name server points elsewhere, and this machine's name. */
function isOwnHost(host: string, address: string): boolean {
  if (isLocalHost(host)) return true
  if (isLocalAddress(address)) return false
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(name) !== 0 || name === address.toLowerCase() || name === THIS_PROCESS.host.toLowerCase()
}

function unknownReader(context: Context): Response {
  const message = 'the address has no valid token of this server'
  const next = 'Open the address that the command printed, with its token.'
  if (context.req.path.startsWith('/api/')) return refusal({ status: 401, code: 'unauthorized', message, next })
  return text(`llm-batch: ${message}. ${next}\n`, 'text/plain; charset=utf-8', 401)
}
