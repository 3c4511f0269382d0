import { BufferedWriter } from '../../lib/atomic-file.ts'
import { executeRow } from '../simulate/execute-row.ts'
import { isJsonObject, stringOf } from '../simulate/json.ts'
import { usualError } from '../simulate/provider-error.ts'
import { type Booking, book, DIRECT_CALLS } from '../state/ledger.ts'
import type { State } from '../state/state.ts'
import { statusAnswer } from './break-call.ts'
import { type Desk, jsonOf } from './desk.ts'
import type { ServerContext } from './environment.ts'
import { errorAnswer } from './error-answer.ts'

/** Answers a synchronous call of an endpoint as a row of a batch would have been answered, and bills it. */
export async function answerDirectly(desk: Desk, endpoint: string, context: ServerContext): Promise<Response> {
  const { simulator, dialect } = desk
  const body = await jsonOf(context)
  const model = isJsonObject(body) ? stringOf(body['model']) : undefined
  if (!isJsonObject(body) || !model) {
    return errorAnswer(dialect, { ...usualError(400), message: 'You must provide a model parameter.', param: 'model' })
  }
  if (model.startsWith('no-such-')) return errorAnswer(dialect, usualError(404))
  const createdAt = Math.floor(simulator.clock.now() / 1_000)
  const result = executeRow({ dialect, endpoint, model, body, createdAt }, simulator.executions, simulator.answers)
  if (result.billed) await bookDirect(simulator.state, result.billed)
  return result.fate === 'answered' ? Response.json(result.body, { status: result.status }) : statusAnswer(dialect, 500)
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
