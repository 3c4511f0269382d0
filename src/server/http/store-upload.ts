import { maxBytes } from '../simulator.ts'
import type { FileRecord } from '../state/record.ts'
import type { ServerContext } from './environment.ts'
import { receiveUpload, type Upload } from './receive-upload.ts'
import { ownerOf, type RouteContext } from './route-context.ts'

/** Number of uploads so far in this process; keeps their temporary files apart. */
let uploads = 0

/**
 * Receives the form of `POST /files`, lets `refuse` look at it, and stores the file or drops it.
 * `lifeSeconds` is how long the file is said to live.
 */
export async function storeUpload(
  route: RouteContext,
  context: ServerContext,
  rules: {
    readonly refuse: (upload: Upload) => Response | undefined
    readonly notMultipart: () => Response
    readonly lifeSeconds: (upload: Upload) => number | null
  },
): Promise<FileRecord | Response> {
  const { state, clock } = route.simulator
  uploads += 1
  const path = state.temporaryPath(`upload-${uploads}`)
  const upload = await receiveUpload(context.env.incoming, state.disk, path, maxBytes(route.simulator, route.dialect))
  if (!upload) return rules.notMultipart()
  const refused = rules.refuse(upload)
  if (refused || !upload.file) {
    await state.disk.remove(path)
    return refused ?? rules.notMultipart()
  }
  const { name, bytes, lines } = upload.file
  const createdAtMs = clock.now()
  const life = rules.lifeSeconds(upload)
  return await state.addFile(path, {
    ...ownerOf(route, context),
    name,
    purpose: upload.fields.get('purpose') ?? 'batch',
    kind: 'request',
    bytes,
    lines,
    createdAtMs,
    expiresAtMs: life === null ? null : createdAtMs + life * 1_000,
    isHidden: false,
  })
}
