import { VERSION } from '../../version.ts'
import type { UiSurroundings } from '../surroundings.ts'
import type { LiveEvent } from './live-runs.ts'

/** Events that may wait for a page that does not read; it is let go of then, and comes again. */
const MOST_WAITING = 1_000

/** How soon a browser comes again after a connection was lost. */
const RETRY_MS = 2_000

/** Server-sent events for one page, until it goes away or the server is stopped. */
export function eventStream({ home, live, stopping }: UiSurroundings): Response {
  let leave = (): void => undefined
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (): void => {
          leave()
          controller.close()
        }
        const send = (event: LiveEvent): void => {
          controller.enqueue(eventBytes(event))
          if ((controller.desiredSize ?? 0) <= 0) end()
        }
        send({ name: 'hello', data: { now: home.clock.now(), version: VERSION } })
        const stopListening = live.listen(send)
        leave = () => {
          stopListening()
          stopping.removeEventListener('abort', end)
          leave = () => undefined
        }
        stopping.addEventListener('abort', end)
      },
      cancel() {
        leave()
      },
    },
    { highWaterMark: MOST_WAITING },
  )
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

/** JSON has no line feed of its own, so the data of an event is one line. */
function eventBytes({ data, name }: LiveEvent): Uint8Array {
  const retry = name === 'hello' ? `retry: ${RETRY_MS}\n` : ''
  return Buffer.from(`${retry}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}
