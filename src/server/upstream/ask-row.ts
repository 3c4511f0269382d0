import type { Clock } from '../../lib/clock.ts'
import type { Row } from '../batch/row.ts'
import type { Gate } from './gate.ts'
import type { Journal, JournalResult } from './journal.ts'
import type { UpstreamOptions } from './options.ts'
import { answerEnd } from './row-result.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** The way on which all rows of a server go. */
export interface Road extends Pick<UpstreamOptions, 'upstream' | 'retriesExecuted' | 'onTrouble'> {
  readonly clock: Clock
  readonly gate: Gate
  readonly rowTimeoutMs: number
}

/** A row on its way. */
interface Asking {
  readonly journal: Journal
  readonly row: Row
  /** Its body as JSON. */
  readonly body: string
  /** Below the address of the server of models. */
  readonly path: string
  /** Nothing more is asked once it aborts. */
  readonly stop: AbortSignal
  /** Aborts when the local server closes. */
  readonly close: AbortSignal
}

/** Answers that a row may lose, where it is asked again. */
const MOST_LOST = 3

/** Refusals of one row, after which the last one is its answer: others get through, so that it is about the row. */
const MOST_REFUSALS = 20

/**
 * Asks for a row until its end is known and in the journal, or nothing more may be asked. What was certainly not executed is
 * asked again: for as long as the batch lives where no connection comes about, so many times where the server refuses.
 */
export async function askRow(road: Road, asking: Asking): Promise<void> {
  const { journal, row, stop } = asking
  const count = { lost: 0, refused: 0 }
  for (;;) {
    await road.gate.pass(stop)
    if (stop.aborted) return
    await journal.ask(row.position)
    const end = await endOf(road, asking, await postRow(road, asking), count)
    if (end === 'closed') return
    if (end !== 'again') return await journal.end({ ...row, result: end })
  }
}

async function postRow(road: Road, { body, close, path }: Asking): Promise<Verdict> {
  const call = { path, body, timeoutMs: road.rowTimeoutMs }
  // What is asked again after a restart need not be waited for; what is not must be.
  const signal = road.retriesExecuted === true ? close : new AbortController().signal
  return verdictOf(await road.upstream.post(call, signal))
}

/** The end of a row by this verdict; `again` where it is to be asked once more, `closed` where the next server decides. */
async function endOf(
  road: Road,
  { close, journal, row, stop }: Asking,
  verdict: Verdict,
  count: { lost: number; refused: number },
): Promise<JournalResult | 'again' | 'closed'> {
  switch (verdict.kind) {
    case 'answered':
      road.gate.take()
      return answerEnd(row.body, verdict.status, verdict.body)
    case 'refused': {
      const { answer, reason, waitMs } = verdict
      await journal.withdraw(row.position)
      if (!road.gate.isInDoubt) road.onTrouble?.(reason.replace(/\.$/, ''))
      road.gate.refuse(waitMs)
      count.refused += answer === null ? 0 : 1
      if (answer === null || count.refused < MOST_REFUSALS) return 'again'
      return answerEnd(row.body, answer.status, answer.body)
    }
    case 'uncertain': {
      if (road.retriesExecuted === true && close.aborted) return 'closed'
      count.lost += 1
      if (road.retriesExecuted === true && count.lost < MOST_LOST && !stop.aborted) {
        road.gate.refuse(null)
        return 'again'
      }
      return { message: lostMessage(verdict.reason, count.lost) }
    }
    default:
      return verdict satisfies never
  }
}

function lostMessage(reason: string, times: number): string {
  const often = times === 1 ? '' : ` (asked ${times} times)`
  return `The server of the model may have executed this request, but its answer did not arrive: ${reason}${often}`
}
