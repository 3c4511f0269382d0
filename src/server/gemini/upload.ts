import { isJsonObject, stringOf } from '../../lib/json.ts'
import type { ServerContext } from '../http/environment.ts'
import { jsonOf, ownerOf, type RouteContext } from '../http/route-context.ts'
import { maxBytes } from '../simulator.ts'
import { geminiError } from './errors.ts'
import { FILE_LIFE_MS, fileObject } from './files.ts'

/** An upload that was begun; it does not survive the server. */
interface Session {
  readonly name: string
  /** Bytes that were announced; undefined where they were not. */
  readonly announced: number | undefined
  readonly path: string
  received: number
  lines: number
  last: number
  /** The file, once all of it came. */
  made: object | undefined
}

const LINE_FEED = 0x0a

/** Resumable uploads: begun, sent in parts, asked how far they came, and finished. One for each prefix of the API. */
export class Uploads {
  readonly #route: RouteContext
  readonly #sessions = new Map<string, Session>()

  constructor(route: RouteContext) {
    this.#route = route
  }

  /** `POST /upload/v1beta/files`, whose headers say what it asks. */
  async answer(context: ServerContext): Promise<Response> {
    const commands = (context.req.header('x-goog-upload-command') ?? '').split(',').map((word) => word.trim())
    if (commands.includes('start')) return await this.#start(context)
    const session = this.#sessions.get(context.req.query('upload_id') ?? '')
    if (!session) return geminiError(404, 'The upload does not exist.')
    if (commands.includes('query')) return progress(session)
    if (!commands.includes('upload')) return geminiError(400, 'The upload command is not known.')
    return await this.#receive(context, session, commands.includes('finalize'))
  }

  async #start(context: ServerContext): Promise<Response> {
    if (context.req.header('x-goog-upload-protocol') !== 'resumable') {
      return geminiError(400, 'Only resumable uploads are supported.')
    }
    const call = await jsonOf(context)
    const file = isJsonObject(call) && isJsonObject(call['file']) ? call['file'] : {}
    const announced = Number(context.req.header('x-goog-upload-header-content-length') ?? Number.NaN)
    if (announced > maxBytes(this.#route.simulator, 'gemini')) return geminiError(400, 'The file is too large.')
    const id = `u${this.#sessions.size + 1}`
    this.#sessions.set(id, {
      name: stringOf(file['displayName'] ?? file['display_name']) ?? '',
      announced: Number.isNaN(announced) ? undefined : announced,
      path: this.#route.simulator.state.temporaryPath(`gemini-upload-${id}`),
      received: 0,
      lines: 0,
      last: LINE_FEED,
      made: undefined,
    })
    const { origin, pathname } = new URL(context.req.url)
    const url = `${origin}${pathname}?upload_id=${id}&upload_protocol=resumable`
    const headers = { 'x-goog-upload-url': url, 'x-goog-upload-status': 'active' }
    return new Response(null, { status: 200, headers })
  }

  async #receive(context: ServerContext, session: Session, isLast: boolean): Promise<Response> {
    if (session.made) return geminiError(400, 'The upload has been finished already.')
    const offset = Number(context.req.header('x-goog-upload-offset') ?? 0)
    if (offset !== session.received) return geminiError(400, `The offset must be ${session.received}.`)
    await this.#append(context, session)
    if (!isLast) return progress(session)
    if (session.announced !== undefined && session.announced !== session.received) {
      return geminiError(400, `The upload has ${session.received} of ${session.announced} bytes.`)
    }
    session.made = await this.#finish(context, session)
    return Response.json({ file: session.made }, { headers: { 'x-goog-upload-status': 'final' } })
  }

  async #append(context: ServerContext, session: Session): Promise<void> {
    const file = await this.#route.simulator.state.disk.open(session.path, 'append')
    try {
      for await (const piece of context.env.incoming as AsyncIterable<Uint8Array>) {
        await file.write(piece)
        for (const byte of piece) if (byte === LINE_FEED) session.lines += 1
        session.last = piece.at(-1) ?? session.last
        session.received += piece.length
      }
    } finally {
      await file.close()
    }
  }

  async #finish(context: ServerContext, session: Session): Promise<object> {
    const { clock, state } = this.#route.simulator
    const createdAtMs = clock.now()
    const file = await state.addFile(session.path, {
      ...ownerOf(this.#route, context),
      name: session.name,
      purpose: 'batch',
      kind: 'request',
      bytes: session.received,
      lines: session.lines + (session.last === LINE_FEED ? 0 : 1),
      createdAtMs,
      expiresAtMs: createdAtMs + FILE_LIFE_MS,
      isHidden: false,
    })
    return fileObject(file)
  }
}

function progress({ made, received }: Session): Response {
  const headers = {
    'x-goog-upload-status': made ? 'final' : 'active',
    'x-goog-upload-size-received': String(received),
  }
  return new Response(null, { status: 200, headers })
}
