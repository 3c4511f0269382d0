import { fileAnswer } from '../http/content.ts'
import { type Desk, listedUntilMs, ownerOf } from '../http/desk.ts'
import type { ServerContext } from '../http/environment.ts'
import { invalidRequest } from '../http/error-answer.ts'
import type { Upload } from '../http/receive-upload.ts'
import { storeUpload } from '../http/store-upload.ts'
import { maxBytes } from '../simulator.ts'
import { fileObject } from './file-object.ts'
import { cursorPage } from './page.ts'

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const

/** By OpenAI's API description: `GET /files` gives up to 10,000 files, and so many unless asked for fewer. */
const FILE_PAGE = { standard: 10_000, most: 10_000 }

/** Seconds that an input file lives unless the upload says otherwise. */
const DEFAULT_LIFE_SECONDS = 2_592_000
const SHORTEST_LIFE_SECONDS = 3_600

/** `POST /files`. */
export async function upload(desk: Desk, context: ServerContext): Promise<Response> {
  const stored = await storeUpload(desk, context, {
    refuse: (received) => refusal(desk, received),
    notMultipart: () => invalidRequest("'file' is a required property", null, 'file'),
    lifeSeconds: (received) => Number(received.fields.get('expires_after[seconds]') ?? DEFAULT_LIFE_SECONDS),
  })
  return stored instanceof Response ? stored : Response.json(fileObject(stored))
}

function refusal(desk: Desk, { fields, file }: Upload): Response | undefined {
  const purpose = fields.get('purpose')
  if (!file) return invalidRequest("'file' is a required property", null, 'file')
  if (purpose === undefined) return invalidRequest("'purpose' is a required property", null, 'purpose')
  if (!(PURPOSES as readonly string[]).includes(purpose)) {
    const text = `'${purpose}' is not one of [${PURPOSES.map((one) => `'${one}'`).join(', ')}] - 'purpose'`
    return invalidRequest(text, 'invalid_value', 'purpose')
  }
  if (purpose === 'batch' && desk.simulator.uploadNames === 'jsonl' && !file.name.endsWith('.jsonl')) {
    return invalidRequest('Invalid file format for Batch API. Must be .jsonl', null, null)
  }
  const life = fields.get('expires_after[seconds]')
  if (life !== undefined && !(Number(life) >= SHORTEST_LIFE_SECONDS && Number(life) <= DEFAULT_LIFE_SECONDS)) {
    return invalidRequest("Invalid 'expires_after[seconds]'.", 'invalid_value', 'expires_after[seconds]')
  }
  const most = maxBytes(desk.simulator, 'openai')
  return file.bytes > most ? invalidRequest(`File is too large. The limit is ${most} bytes.`, null, 'file') : undefined
}

/** `GET /files`. */
export function listFiles(desk: Desk, context: ServerContext): Response {
  const purpose = context.req.query('purpose')
  const files = desk.simulator.state
    .filesOf(ownerOf(desk, context), listedUntilMs(desk, context))
    .filter((file) => purpose === undefined || file.purpose === purpose)
  if (context.req.query('order') === 'asc') files.reverse()
  return cursorPage(context, files, FILE_PAGE, fileObject)
}

/** `GET /files/{id}`. */
export function showFile(desk: Desk, context: ServerContext, id: string): Response {
  const file = desk.simulator.state.file(ownerOf(desk, context), id)
  return file ? Response.json(fileObject(file)) : noSuchFile(id)
}

/** `GET /files/{id}/content`. */
export function content(desk: Desk, context: ServerContext, id: string): Response {
  const { state } = desk.simulator
  const file = state.file(ownerOf(desk, context), id)
  return file ? fileAnswer(state.disk.stream(state.dataPath(id)), file.bytes, file.name) : noSuchFile(id)
}

/** `DELETE /files/{id}`. */
export async function deleteFile(desk: Desk, context: ServerContext, id: string): Promise<Response> {
  const { state } = desk.simulator
  const file = state.file(ownerOf(desk, context), id)
  if (!file) return noSuchFile(id)
  if (!context.var.faults.has('delete-ignored')) await state.deleteFile(file)
  return Response.json({ id, object: 'file', deleted: true })
}

function noSuchFile(id: string): Response {
  return invalidRequest(`No such File object: ${id}`, null, 'id', 404)
}
