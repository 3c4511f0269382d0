import type { Clock } from '../../lib/clock.ts'
import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { DIALECT } from '../dialects.ts'
import type { ActiveFaults } from '../faults/injector.ts'
import type { Simulator } from '../simulator.ts'
import type { DialectName } from '../state/record.ts'
import { breakBatch } from './break-batch.ts'
import { type Breaks, firstBreak, htmlPage, neverAnswer, resetConnection, statusAnswer } from './break-call.ts'
import { breakContent } from './break-content.ts'
import { breakListing } from './break-listing.ts'
import { streamOf } from './content.ts'
import type { ServerContext } from './environment.ts'

/** Faults that strike after the work is done: the answer is lost or looks different. */
export async function breakAnswer(
  simulator: Pick<Simulator, 'clock'>,
  context: ServerContext,
  dialect: DialectName,
  faults: ActiveFaults,
  answer: Response,
): Promise<Response> {
  const lost = await firstBreak(lostAnswer(context, dialect), faults)
  if (lost) return lost
  if (!answer.ok) return faults.has('plain-errors') ? inPlainText(answer) : answer
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false
  const shaped = isJson ? await breakJson(dialect, faults, answer) : await breakContent(context, faults, answer)
  const mangled = await mangle(faults, shaped)
  if (!mangled.body || !faults.has('drip')) return mangled
  const dripping = byteByByte(mangled.body, simulator.clock, faults.milliseconds('drip'))
  return new Response(streamOf(dripping), { headers: mangled.headers })
}

/** What is answered in place of the right answer, or undefined where that one is sent. */
function lostAnswer(context: ServerContext, dialect: DialectName): Breaks {
  return {
    'accept-then-status': (argument) => statusAnswer(dialect, Number(argument)),
    'accept-then-html': (argument) => htmlPage(Number(argument)),
    'accept-then-reset': () => resetConnection(context),
    'accept-then-hang': () => neverAnswer(context),
    'empty-answer': () => new Response(null, { status: 200 }),
    'html-answer': () => htmlPage(200),
    'other-object': () => Response.json({ object: 'model', id: 'something-else' }),
  }
}

async function breakJson(dialect: DialectName, faults: ActiveFaults, answer: Response): Promise<Response> {
  const body: unknown = await answer.json()
  if (!isJsonObject(body)) return Response.json(body)
  const { pages } = DIALECT[dialect]
  const kind = pages.kindOf(body)
  const entries = body[pages.entries]
  if (kind === 'page' && Array.isArray(entries)) {
    const broken = entries.map((entry) =>
      isJsonObject(entry) && pages.kindOf(entry) === 'batch' ? breakBatch(faults, entry) : entry,
    )
    return Response.json(breakListing(pages, faults, { ...body, [pages.entries]: broken }))
  }
  if (kind === 'file') return Response.json(breakFile(faults, body))
  return Response.json(kind === 'batch' ? breakBatch(faults, body) : body)
}

/** Faults of the bytes themselves. */
async function mangle(faults: ActiveFaults, answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers)
  if (faults.has('latin1') || faults.has('half-json')) {
    const text = await answer.text()
    headers.delete('content-length')
    const sent = faults.has('half-json') ? text.slice(0, Math.floor(text.length / 2)) : text
    return new Response(Buffer.from(sent, faults.has('latin1') ? 'latin1' : 'utf8'), { headers })
  }
  if (!faults.has('false-encoding')) return answer
  headers.set('content-encoding', 'gzip')
  return new Response(answer.body, { headers })
}

async function* byteByByte(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  intervalMs: number,
): AsyncIterable<Uint8Array> {
  for await (const piece of body) {
    for (let at = 0; at < piece.length; at += 1) {
      yield piece.subarray(at, at + 1)
      await clock.sleep(intervalMs)
    }
  }
}

/** A refusal as servers write it that have no errors of their own. */
function inPlainText({ status }: Response): Response {
  return new Response(`the request was refused (${status})`, { status, headers: { 'content-type': 'text/plain' } })
}

/** Faults of a file object. */
function breakFile(faults: ActiveFaults, file: JsonObject): JsonObject {
  const difference = Number(faults.argument('wrong-size') ?? 0)
  const bytes = difference === 0 ? file['bytes'] : Math.max(0, Number(file['bytes']) + difference)
  const filename = faults.has('renamed') ? 'modified_file.jsonl' : file['filename']
  return { ...file, bytes, filename }
}
