import { BufferedWriter } from '../../lib/atomic-file.ts'
import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { standardModel } from '../dialect.ts'
import { DIALECT } from '../dialects.ts'
import { usualError } from '../simulate/provider-error.ts'
import { streamEvents } from '../simulate/stream-events.ts'
import { type Booking, book, DIRECT_CALLS } from '../state/ledger.ts'
import type { State } from '../state/state.ts'
import { statusAnswer } from './break-call.ts'
import type { ServerContext } from './environment.ts'
import { errorAnswer } from './error-answer.ts'
import { jsonOf, ownerOf, type RouteContext } from './route-context.ts'

/** Answers a synchronous call of an endpoint as a row of a batch would have been answered, and bills it. */
export async function answerDirectly(
  route: RouteContext,
  endpoint: string,
  context: ServerContext,
  modelInPath?: string,
): Promise<Response> {
  const { simulator, dialect } = route
  const body = await jsonOf(context)
  const named = modelInPath ?? (isJsonObject(body) ? stringOf(body['model']) : undefined)
  const model = named ?? standardModel(endpoint)
  if (!isJsonObject(body) || !model) {
    return errorAnswer(dialect, { ...usualError(400), message: 'You must provide a model parameter.', param: 'model' })
  }
  if (model.startsWith('no-such-')) return errorAnswer(dialect, usualError(404))
  const createdAt = Math.floor(simulator.clock.now() / 1_000)
  const { account } = ownerOf(route, context)
  const call = { dialect, endpoint, model, body, createdAt, account, signal: context.req.raw.signal }
  const result = await simulator.executor.answer(simulator, call)
  if (result.billed) await bookDirect(simulator.state, result.billed)
  if (result.fate !== 'answered') return statusAnswer(dialect, 500)
  const isStream = body['stream'] === true && result.status === 200
  const events = isStream
    ? streamEvents({ wording: DIALECT[dialect].wording, endpoint, model, body }, result.body as JsonObject)
    : undefined
  return events
    ? streamAnswer(events)
    : Response.json(result.body, { status: result.status, headers: { ...result.headers } })
}

/** An answer as server-sent events. */
function streamAnswer(events: readonly string[]): Response {
  return new Response(events.join(''), { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

async function bookDirect(state: State, booking: Booking): Promise<void> {
  const file = await state.disk.open(state.ledgerPath(DIRECT_CALLS), 'append')
  try {
    const writer = new BufferedWriter(file)
    await book(writer, booking)
    await writer.flush()
  } finally {
    await file.close()
  }
}
