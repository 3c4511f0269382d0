import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import type { RouteContext } from '../http/route-context.ts'
import { storeUpload } from '../http/store-upload.ts'
import { maxBytes } from '../simulator.ts'

/** `POST /files`, which takes no purpose. */
export async function upload(route: RouteContext, context: ServerContext): Promise<Response> {
  const most = maxBytes(route.simulator, 'xai')
  const stored = await storeUpload(route, context, {
    refuse: ({ fields, file }) => {
      if (fields.has('purpose')) return invalidRequest('A file has no purpose.', null, 'purpose')
      return file && file.bytes > most
        ? invalidRequest(`The file exceeds the limit of ${most} bytes.`, null, 'file')
        : undefined
    },
    notMultipart: () => invalidRequest('A file is required.', null, 'file'),
    lifeSeconds: () => null,
  })
  if (stored instanceof Response) return stored
  const { bytes, createdAtMs, id, name } = stored
  return Response.json({ id, object: 'file', bytes, filename: name, created_at: Math.floor(createdAtMs / 1_000) })
}
