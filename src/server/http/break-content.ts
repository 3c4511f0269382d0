import { splitLines } from '../../lib/jsonl.ts'
import type { ActiveFaults } from '../faults/injector.ts'
import { breakLines, hasLineFault } from './break-lines.ts'
import { streamOf } from './content.ts'
import type { ServerContext } from './environment.ts'

/** Faults of a downloaded file. */
export async function breakContent(context: ServerContext, faults: ActiveFaults, answer: Response): Promise<Response> {
  if (!answer.body) return answer
  const bytes = Number(answer.headers.get('content-length') ?? 0)
  const headers = new Headers(answer.headers)
  if (faults.has('zero-bytes')) return withLength(new Response(new Uint8Array(0)), 0)
  const cut = faults.argument('cut')
  if (cut !== undefined) {
    // The length stays, and the connection ends before it is reached.
    return new Response(streamOf(firstBytes(answer.body, share(bytes, cut), context.env.incoming.socket)), { headers })
  }
  headers.delete('content-length')
  if (faults.has('endless'))
    return new Response(streamOf(again(new Uint8Array(await answer.arrayBuffer()))), { headers })
  const short = faults.argument('short')
  if (short !== undefined) {
    closeDelimited(context, headers)
    return new Response(streamOf(firstBytes(answer.body, share(bytes, short))), { headers })
  }
  if (!hasLineFault(faults)) return answer
  return new Response(streamOf(breakLines(faults, splitLines(answer.body))), { headers })
}

function withLength(answer: Response, bytes: number): Response {
  answer.headers.set('content-length', String(bytes))
  return answer
}

/** Sends a body that only the end of the connection delimits: a client cannot see that it came short. */
function closeDelimited(context: ServerContext, headers: Headers): void {
  headers.set('connection', 'close')
  const { outgoing } = context.env
  if ('useChunkedEncodingByDefault' in outgoing) outgoing.useChunkedEncodingByDefault = false
}

function share(bytes: number, argument: string): number {
  return Math.floor(bytes * Number(argument))
}

async function* again(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (;;) yield bytes
}

/** The first so many bytes; then the connection is ended, where one is given. */
async function* firstBytes(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  connection?: { end(): unknown },
): AsyncIterable<Uint8Array> {
  let left = bytes
  for await (const piece of body) {
    yield piece.subarray(0, left)
    left -= piece.length
    if (left <= 0) break
  }
  connection?.end()
}
