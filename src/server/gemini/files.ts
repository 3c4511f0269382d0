import { HOUR_MS } from '../../lib/duration.ts'
import type { JsonObject } from '../../lib/json.ts'
import { fileAnswer } from '../http/content.ts'
import type { ServerContext } from '../http/environment.ts'
import { listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import type { FileRecord } from '../state/record.ts'
import { geminiError, noSuchFile } from './errors.ts'
import { tokenPage } from './page.ts'
import { resultFile } from './result-file.ts'

/** Files go after about two days (page on files). */
export const FILE_LIFE_MS = 48 * HOUR_MS

/** Longer ids are refused in every call but the download: those of result files are. */
const LONGEST_ID = 40

/** `GET /files`; files of results are not listed. */
export async function listFiles(route: RouteContext, context: ServerContext): Promise<Response> {
  const files = route.simulator.state
    .filesOf(ownerOf(route, context), listedUntilMs(route, context))
    .filter(({ kind }) => kind === 'request')
  return await tokenPage(context, 'files', files, fileObject)
}

/** `GET /files/{id}`. */
export function showFile(route: RouteContext, context: ServerContext, id: string): Response {
  const file = findFile(route, context, id)
  return file instanceof Response ? file : Response.json(fileObject(file))
}

/** `DELETE /files/{id}`. */
export async function deleteFile(route: RouteContext, context: ServerContext, id: string): Promise<Response> {
  const file = findFile(route, context, id)
  if (file instanceof Response) return file
  if (!context.var.faults.has('delete-ignored')) await route.simulator.state.deleteFile(file)
  return Response.json({})
}

/** `GET /files/{id}:download?alt=media`. */
export function download(route: RouteContext, context: ServerContext, id: string): Response {
  if (context.req.query('alt') !== 'media') return geminiError(400, 'Only alt=media is supported.')
  const { state } = route.simulator
  const results = resultFile(route, context, id)
  if (results) return results
  const file = findFile(route, context, id)
  return file instanceof Response ? file : fileAnswer(state.disk.stream(state.dataPath(id)), file.bytes, file.name)
}

function findFile(route: RouteContext, context: ServerContext, id: string): FileRecord | Response {
  if (id.length > LONGEST_ID) return geminiError(400, `File name may be at most ${LONGEST_ID} characters.`)
  const file = route.simulator.state.file(ownerOf(route, context), id)
  return file?.kind === 'request' ? file : noSuchFile(id)
}

/** The file as the API shows it, its numbers as texts. */
export function fileObject(file: FileRecord): JsonObject {
  return {
    name: `files/${file.id}`,
    displayName: file.name,
    mimeType: 'application/jsonl',
    sizeBytes: String(file.bytes),
    createTime: new Date(file.createdAtMs).toISOString(),
    updateTime: new Date(file.createdAtMs).toISOString(),
    expirationTime: new Date(file.expiresAtMs ?? file.createdAtMs).toISOString(),
    uri: `https://generativelanguage.googleapis.com/v1beta/files/${file.id}`,
    state: 'ACTIVE',
    source: 'UPLOADED',
  }
}
