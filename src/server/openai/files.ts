import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import type { Upload } from '../http/receive-upload.ts'
import { listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { storeUpload } from '../http/store-upload.ts'
import { noSuchFile } from '../http/stored-file.ts'
import type { FileRecord } from '../state/record.ts'
import type { PlayedHost } from './host.ts'
import { listed } from './page.ts'
import { LOOKS_UNTIL_READY } from './refused-early.ts'
import { refusedFile } from './refused-file.ts'
import { announceUpload } from './signed-upload.ts'

/** By OpenAI's API description: `GET /files` gives up to 10,000 files, and so many unless asked for fewer. */
const FILE_PAGE = { standard: 10_000, most: 10_000 }

/** Seconds that an input file lives unless the upload says otherwise. */
const DEFAULT_LIFE_SECONDS = 2_592_000
const SHORTEST_LIFE_SECONDS = 3_600

/** `POST /files`. */
export async function upload(route: RouteContext, context: ServerContext): Promise<Response> {
  if (route.simulator.host.are.has('signed-uploads')) return announceUpload(route, context)
  const stored = await storeUpload(route, context, {
    refuse: (received) => refusal(route, received),
    notMultipart: () => invalidRequest("'file' is a required property", null, 'file'),
    lifeSeconds: (received) => Number(received.fields.get('expires_after[seconds]') ?? DEFAULT_LIFE_SECONDS),
  })
  return stored instanceof Response ? stored : Response.json(fileObject(route.simulator.host, stored))
}

function refusal(route: RouteContext, { fields, file }: Upload): Response | undefined {
  const purpose = fields.get('purpose')
  if (!file) return invalidRequest("'file' is a required property", null, 'file')
  if (purpose === undefined) return invalidRequest("'purpose' is a required property", null, 'purpose')
  const life = fields.get('expires_after[seconds]')
  if (life !== undefined && !(Number(life) >= SHORTEST_LIFE_SECONDS && Number(life) <= DEFAULT_LIFE_SECONDS)) {
    return invalidRequest("Invalid 'expires_after[seconds]'.", 'invalid_value', 'expires_after[seconds]')
  }
  return refusedFile(route, { name: file.name, purpose, bytes: file.bytes })
}

/** `GET /files`. */
export function listFiles(route: RouteContext, context: ServerContext): Response {
  const purpose = context.req.query('purpose')
  const files = route.simulator.state
    .filesOf(ownerOf(route, context), listedUntilMs(route, context))
    .filter((file) => purpose === undefined || file.purpose === purpose)
  if (context.req.query('order') === 'asc') files.reverse()
  const { host } = route.simulator
  return listed(host, context, files, FILE_PAGE, (file) => fileObject(host, file))
}

/** `GET /files/{id}`. */
export function showFile(route: RouteContext, context: ServerContext, id: string): Response {
  const file = route.simulator.state.file(ownerOf(route, context), id)
  if (!file) return noSuchFile(route, id)
  const { host } = route.simulator
  host.looks.set(id, (host.looks.get(id) ?? 0) + 1)
  return Response.json(fileObject(host, file))
}

/** The file as OpenAI shows it. */
function fileObject({ are, looks }: PlayedHost, file: FileRecord): Record<string, unknown> {
  const isReady = !are.has('slow-files') || (looks.get(file.id) ?? 0) >= LOOKS_UNTIL_READY
  return {
    object: 'file',
    id: file.id,
    purpose: file.purpose,
    filename: file.name,
    bytes: file.bytes,
    created_at: Math.floor(file.createdAtMs / 1_000),
    expires_at: file.expiresAtMs === null ? null : Math.floor(file.expiresAtMs / 1_000),
    status: isReady ? 'processed' : 'pending',
    status_details: null,
  }
}
