import { fileAnswer } from './content.ts'
import type { ServerContext } from './environment.ts'
import { invalidRequest, unknownAtMistral } from './error-answer.ts'
import { ownerOf, type RouteContext } from './route-context.ts'

/** `GET /files/{id}/content`. */
export function content(route: RouteContext, context: ServerContext, id: string): Response {
  const { state } = route.simulator
  const file = state.file(ownerOf(route, context), id)
  return file ? fileAnswer(state.disk.stream(state.dataPath(id)), file.bytes, file.name) : noSuchFile(route, id)
}

/** `DELETE /files/{id}`. */
export async function deleteFile(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const { state } = route.simulator
  const file = state.file(ownerOf(route, context), id)
  if (!file) return noSuchFile(route, id)
  if (!context.var.faults.has('delete-ignored')) await state.deleteFile(file)
  return Response.json({ id, object: 'file', deleted: true })
}

/** Each provider's words for a file that is not there. */
export function noSuchFile({ dialect }: RouteContext, id: string): Response {
  if (dialect === 'mistral') return unknownAtMistral(`No file found with id ${id}.`)
  return invalidRequest(`No such File object: ${id}`, null, 'id', 404)
}
