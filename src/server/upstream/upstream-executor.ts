import type { Clock } from '../../lib/clock.ts'
import type { ExecutionPlace } from '../batch/execution-place.ts'
import type { BatchWork, DirectCall, Executor } from '../batch/executor.ts'
import type { Halt, Row } from '../batch/row.ts'
import { DIALECT } from '../dialects.ts'
import type { RowResult } from '../simulate/execute-row.ts'
import { refusedStream } from '../simulate/parameter-check.ts'
import { usualError } from '../simulate/provider-error.ts'
import type { BatchRecord } from '../state/record.ts'
import { askRow, type Road } from './ask-row.ts'
import { Gate } from './gate.ts'
import { Journal } from './journal.ts'
import { DEFAULT_CONCURRENCY, DEFAULT_ROW_TIMEOUT_MS, type UpstreamOptions } from './options.ts'
import { answerEnd, resultOf, UNKNOWN_FATE } from './row-result.ts'
import { Slots } from './slots.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** The endpoints of OpenAI's API that servers of models have. */
const ENDPOINTS = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'] as const

/**
 * Executes batches for real: asks a server of models for each row, several at once. Every call has an intent on disk before
 * and its end after it, so that a server that was killed goes on with the rows that are left. The result files are written
 * from there when the batch ends.
 */
export class UpstreamExecutor implements Executor {
  readonly endpoints = ENDPOINTS
  readonly #road: Road
  readonly #slots: Slots

  constructor(clock: Clock, options: UpstreamOptions) {
    const { concurrency = DEFAULT_CONCURRENCY, rowTimeoutMs = DEFAULT_ROW_TIMEOUT_MS } = options
    this.#slots = new Slots(concurrency)
    this.#road = { ...options, clock, rowTimeoutMs, gate: new Gate(clock, options.backoffMs) }
  }

  async execute(place: ExecutionPlace, work: BatchWork): Promise<Halt | undefined> {
    const { clock, state } = place
    const { batch } = work
    const journal = await Journal.open(state.disk, state.journalPath(batch.id))
    noteProgress(place, batch, journal)
    const ended = new AbortController()
    const expiry = new AbortController()
    void untilInstant(clock, batch.expiresAtMs, ended.signal).then(() => expiry.abort())
    try {
      const stop = AbortSignal.any([work.signals.halt, expiry.signal])
      if (!isCancelling(place, batch.id)) await this.#askAll(place, work, journal, stop)
      const { failed, succeeded } = journal.counts
      const isWhole = succeeded + failed === batch.total
      const halt = isWhole ? undefined : haltOf(place, work)
      if (halt !== 'closed') await settleAll(work, journal, halt)
      return halt
    } finally {
      ended.abort()
      await journal.close()
    }
  }

  async answer(_place: ExecutionPlace, call: DirectCall): Promise<RowResult> {
    const { body, dialect, endpoint, signal } = call
    const refused = refusedStream({ ...call, wording: DIALECT[dialect].wording })
    if (refused) return resultOf(answerEnd(body, refused.status, DIALECT[dialect].errorBody(refused)))
    const asked = { path: pathOf(endpoint), body: JSON.stringify(body), timeoutMs: this.#road.rowTimeoutMs }
    return directResult(call, verdictOf(await this.#road.upstream.post(asked, signal)))
  }

  async models(signal: AbortSignal): Promise<Response> {
    const reply = await this.#road.upstream.models(signal)
    const verdict = verdictOf(reply)
    if (verdict.kind === 'answered') return Response.json(verdict.body, { status: verdict.status })
    return Response.json(DIALECT.openai.errorBody({ ...usualError(503), message: verdict.reason }), { status: 503 })
  }

  async forget({ state }: ExecutionPlace, batchId: string): Promise<void> {
    await state.disk.remove(state.journalPath(batchId))
  }

  /** Asks for every row without an end, as long as nothing stops it, and waits for those that are on their way. */
  async #askAll(place: ExecutionPlace, work: BatchWork, journal: Journal, stop: AbortSignal): Promise<void> {
    const pending = new Set<Promise<void>>()
    const trouble = new AbortController()
    const stopped = AbortSignal.any([stop, trouble.signal])
    let failure: unknown
    for await (const rows of work.rows()) {
      for (const row of rows) {
        if (stopped.aborted) break
        if (journal.hasEnded(row.position)) continue
        const giveBack = await this.#slots.take()
        const asking = this.#ask(place, work, { journal, row, stop: stopped })
          .catch((error: unknown) => {
            failure ??= error
            trouble.abort()
          })
          .finally(() => {
            giveBack()
            pending.delete(asking)
          })
        pending.add(asking)
      }
      if (stopped.aborted) break
    }
    await Promise.all(pending)
    if (failure !== undefined) throw failure
  }

  async #ask(
    place: ExecutionPlace,
    { batch, signals }: BatchWork,
    { journal, row, stop }: { readonly journal: Journal; readonly row: Row; readonly stop: AbortSignal },
  ): Promise<void> {
    // A timer may be late, after a sleep of the machine for instance.
    if (stop.aborted || isExpired(place, batch)) return
    const refused = refusedStream({ wording: 'openai', endpoint: batch.endpoint, model: '', body: row.body })
    if (refused) {
      const result = answerEnd(row.body, refused.status, DIALECT.openai.errorBody(refused))
      await journal.end({ ...row, result })
    } else if (journal.isOnItsWay(row.position) && this.#road.retriesExecuted !== true) {
      await journal.end({ ...row, result: { message: UNKNOWN_FATE } })
    } else {
      const path = pathOf(batch.endpoint)
      await askRow(this.#road, { journal, row, body: row.json(), path, stop, close: signals.close })
    }
    noteProgress(place, batch, journal)
  }
}

/** A restart finds it out again from the journal. */
function noteProgress({ state }: ExecutionPlace, batch: BatchRecord, { counts }: Journal): void {
  const { calls, failed, refused, succeeded } = counts
  state.batches.note({ ...(state.batches.get(batch.id) ?? batch), succeeded, failed, upstream: { calls, refused } })
}

/** Writes what the journal says into the result files, and why the rest was not executed. */
async function settleAll(work: BatchWork, journal: Journal, halt: Halt | undefined): Promise<void> {
  const { batch, settlement } = work
  for await (const { customId, position, result } of journal.entries()) {
    await settlement.settle({ position, customId }, resultOf(result))
  }
  for await (const list of work.rows()) {
    for (const row of list) {
      if (journal.hasEnded(row.position)) continue
      if (journal.isOnItsWay(row.position)) await settlement.settle(row, resultOf({ message: UNKNOWN_FATE }))
      else if (halt === 'cancelled' || halt === 'expired') await settlement.leave(row, halt)
      else throw new Error(`row ${row.position} of batch ${batch.id} has no end`)
    }
  }
}

function haltOf(place: ExecutionPlace, { batch, signals }: BatchWork): Halt | undefined {
  if (isCancelling(place, batch.id)) return 'cancelled'
  if (signals.close.aborted) return 'closed'
  return isExpired(place, batch) ? 'expired' : undefined
}

function isExpired({ clock }: ExecutionPlace, { expiresAtMs }: BatchRecord): boolean {
  return clock.now() >= expiresAtMs
}

function isCancelling({ state }: ExecutionPlace, batchId: string): boolean {
  return state.batches.get(batchId)?.phase === 'cancelling'
}

async function untilInstant(clock: ExecutionPlace['clock'], instant: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && clock.now() < instant) await clock.sleep(instant - clock.now(), signal)
}

/** The endpoint below the address of the server, which ends with the version that endpoints begin with. */
function pathOf(endpoint: string): string {
  return endpoint.replace(/^\/v1(?=\/)/, '')
}

function directResult({ body, dialect }: DirectCall, verdict: Verdict): RowResult {
  if (verdict.kind === 'answered') return resultOf(answerEnd(body, verdict.status, verdict.body))
  if (verdict.kind === 'refused' && verdict.answer) {
    const { answer, waitMs } = verdict
    const headers = waitMs === null ? {} : { 'retry-after': String(Math.ceil(waitMs / 1_000)) }
    return { fate: 'answered', status: answer.status, body: answer.body, headers, billed: null }
  }
  const status = verdict.kind === 'refused' ? 503 : 504
  const code = verdict.kind === 'refused' ? 'upstream_unreached' : 'may_have_been_executed'
  const error = { ...usualError(status), code, message: `The server of the model gave no answer: ${verdict.reason}` }
  return resultOf(answerEnd(body, status, DIALECT[dialect].errorBody(error)))
}
