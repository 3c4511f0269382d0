import { Hono } from 'hono'
import type { Environment, ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import { saveUpload } from '../http/receive-upload.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { refusedFile } from './refused-file.ts'

/** The place of the store that takes files without a key. */
export const SIGNED_UPLOADS = '/signed-uploads'

/** `POST /files` of a host that takes no bytes itself: where the file is to be put, and which id it will have. */
export function announceUpload(route: RouteContext, context: ServerContext): Response {
  if (!context.req.header('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    return invalidRequest('Files are put at a signed address.', null, null)
  }
  const { file_name: name = '', purpose = '' } = context.req.query()
  const refused = refusedFile(route, { name, purpose, bytes: 0 })
  if (refused) return refused
  const reserved = route.simulator.state.newId(route.dialect, 'file')
  route.simulator.host.announced.set(reserved.id, { owner: ownerOf(route, context), name, purpose, reserved })
  const location = new URL(`${SIGNED_UPLOADS}/${reserved.id}?signature=${reserved.sequence}`, context.req.url)
  return new Response(null, { status: 302, headers: { location: location.href, 'x-together-file-id': reserved.id } })
}

/** The store: `PUT` of the bytes, at an address that was given out, without a key. */
export function signedUploads(route: RouteContext): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.put('/:id', async (context) => {
    const { state, clock } = route.simulator
    const file = route.simulator.host.announced.get(context.req.param('id'))
    if (!file || context.req.query('signature') !== String(file.reserved.sequence))
      return new Response(null, { status: 403 })
    if (context.req.header('authorization') !== undefined) return new Response('two ways to sign', { status: 400 })
    const path = state.temporaryPath(`signed-${file.reserved.id}`)
    const { bytes, lines } = await saveUpload(context.env.incoming, state.disk, path, file.name)
    const { name, owner, purpose } = file
    const facts = { ...owner, name, purpose, kind: 'request' as const, bytes, lines, createdAtMs: clock.now() }
    await state.addFile(path, { ...facts, expiresAtMs: null, isHidden: false }, file.reserved)
    route.simulator.host.announced.delete(file.reserved.id)
    return new Response(null, { status: 200 })
  })
  return routes
}
