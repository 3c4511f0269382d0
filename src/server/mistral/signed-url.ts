import { HOUR_MS } from '../../lib/duration.ts'
import { fileAnswer } from '../http/content.ts'
import type { ServerContext } from '../http/environment.ts'
import { errorAnswer, unprocessable } from '../http/error-answer.ts'
import { ownerOf, type RouteContext } from '../http/route-context.ts'
import { noSuchFile } from '../http/stored-file.ts'
import { usualError } from '../simulate/provider-error.ts'
import { digestOf } from '../state/identifier.ts'

/** Hours that a signed URL is valid, by Mistral's API description. */
const EXPIRY_HOURS = { standard: 24, least: 1, most: 168 }

/** Where signed URLs lead: outside of the routes that ask for a key. */
export const SIGNED_FILES = '/signed/mistral'

/** `GET /v1/files/{id}/url`. */
export function signedUrl(route: RouteContext, context: ServerContext, id: string): Response {
  const hours = Number(context.req.query('expiry') ?? EXPIRY_HOURS.standard)
  if (!Number.isInteger(hours) || hours < EXPIRY_HOURS.least || hours > EXPIRY_HOURS.most) {
    const text = `Input should be an integer from ${EXPIRY_HOURS.least} to ${EXPIRY_HOURS.most}`
    return unprocessable(['query', 'expiry'], text, 'int_parsing')
  }
  if (!route.simulator.state.file(ownerOf(route, context), id)) return noSuchFile(route, id)
  const expires = route.simulator.clock.now() + hours * HOUR_MS
  const url = new URL(`${SIGNED_FILES}/${id}`, context.req.url)
  url.searchParams.set('expires', String(expires))
  url.searchParams.set('signature', signatureOf(route, id, expires))
  return Response.json({ url: url.href })
}

/** The bytes behind a signed URL; a client with the URL gets them, until it expires. */
export function signedContent(route: RouteContext, context: ServerContext, id: string): Response {
  const { state, clock } = route.simulator
  const expires = Number(context.req.query('expires'))
  const isSigned = context.req.query('signature') === signatureOf(route, id, expires)
  if (!isSigned || expires < clock.now()) {
    return errorAnswer('mistral', { ...usualError(403), message: 'The signature is wrong, or its time is over.' })
  }
  const file = state.files.get(id)
  return file && !file.isDeleted
    ? fileAnswer(state.disk.stream(state.dataPath(id)), file.bytes, file.name)
    : noSuchFile(route, id)
}

function signatureOf(route: RouteContext, id: string, expires: number): string {
  return digestOf(route.simulator.state.seed, 'signed', id, expires)
}
