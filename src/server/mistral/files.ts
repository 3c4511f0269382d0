import type { ServerContext } from '../http/environment.ts'
import { errorAnswer, unprocessable } from '../http/error-answer.ts'
import type { Upload } from '../http/receive-upload.ts'
import { listedUntilMs, ownerOf, type RouteContext } from '../http/route-context.ts'
import { storeUpload } from '../http/store-upload.ts'
import { noSuchFile } from '../http/stored-file.ts'
import { usualError } from '../simulate/provider-error.ts'
import { maxBytes } from '../simulator.ts'
import type { FileRecord } from '../state/record.ts'
import { fileObject, mimetypeOf, sampleType } from './file-object.ts'
import { numberedPage } from './page.ts'

const PURPOSES: readonly string[] = ['fine-tune', 'batch', 'ocr']

/** `POST /v1/files`. */
export async function upload(route: RouteContext, context: ServerContext): Promise<Response> {
  const stored = await storeUpload(route, context, {
    refuse: (received) => refusal(route, received),
    notMultipart: () => unprocessable(['body', 'file'], 'Field required', 'missing'),
    // The unit of `expiry` is not documented; hours, as for signed URLs.
    lifeSeconds: ({ fields }) => (fields.has('expiry') ? Number(fields.get('expiry')) * 3_600 : null),
  })
  return stored instanceof Response ? stored : Response.json(fileObject(stored))
}

function refusal(route: RouteContext, { fields, file }: Upload): Response | undefined {
  if (!file) return unprocessable(['body', 'file'], 'Field required', 'missing')
  const purpose = fields.get('purpose') ?? 'fine-tune'
  if (!PURPOSES.includes(purpose))
    return unprocessable(['body', 'purpose'], `Input should be one of ${PURPOSES.join(', ')}`)
  const isAnyName = purpose === 'ocr' || route.simulator.uploadNames === 'any'
  if (!isAnyName && !file.name.endsWith('.jsonl')) {
    return errorAnswer('mistral', { ...usualError(422), message: 'Invalid file format. The file must be .jsonl' })
  }
  const most = maxBytes(route.simulator, 'mistral')
  if (file.bytes <= most) return undefined
  return errorAnswer('mistral', { ...usualError(413), message: `File is too large. The limit is ${most} bytes.` })
}

/** `GET /v1/files`. */
export function listFiles(route: RouteContext, context: ServerContext): Response {
  const files = route.simulator.state.filesOf(ownerOf(route, context), listedUntilMs(route, context))
  const withTotal = context.req.query('include_total') ?? 'true'
  if (withTotal !== 'true' && withTotal !== 'false') {
    return unprocessable(['query', 'include_total'], 'Input should be a valid boolean', 'bool_parsing')
  }
  return numberedPage(context, files.filter(wanted(context)), fileObject, withTotal === 'true')
}

/** What the query narrows the listing to. */
function wanted(context: ServerContext): (file: FileRecord) => boolean {
  const types = context.req.queries('sample_type') ?? []
  const sources = context.req.queries('source') ?? []
  const mimetypes = context.req.queries('mimetypes') ?? []
  const purpose = context.req.query('purpose')
  const search = context.req.query('search')
  return (file) =>
    (types.length === 0 || types.includes(sampleType(file))) &&
    (sources.length === 0 || sources.includes(file.kind === 'request' ? 'upload' : 'mistral')) &&
    (mimetypes.length === 0 || mimetypes.includes(mimetypeOf(file))) &&
    (purpose === undefined || file.purpose === purpose) &&
    (search === undefined || file.name.includes(search))
}

/** `GET /v1/files/{id}`. */
export function showFile(route: RouteContext, context: ServerContext, id: string): Response {
  const file = route.simulator.state.file(ownerOf(route, context), id)
  return file ? Response.json({ ...fileObject(file), deleted: false }) : noSuchFile(route, id)
}
