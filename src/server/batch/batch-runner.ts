import { openaiEvent } from '../openai/webhook-event.ts'
import { openRouterEvent } from '../openrouter/webhook-event.ts'
import type { WebhookOptions } from '../options.ts'
import type { Simulator } from '../simulator.ts'
import { type BatchRecord, type DialectName, isFinal } from '../state/record.ts'
import { isSystemError } from '../system-error.ts'
import { runBatch } from './run-batch.ts'
import { deliverEvent, type WebhookEvent } from './webhook.ts'

/** How the end of a batch is told, in the dialects that can. */
const EVENTS: Readonly<
  Partial<Record<DialectName, (batch: BatchRecord, webhook: WebhookOptions) => WebhookEvent | undefined>>
> = { openai: openaiEvent, openrouter: openRouterEvent }

interface Work {
  readonly halt: AbortController
  readonly done: Promise<void>
}

/** Works on all batches that are not final, each by itself, and stops at once when told to. */
export class BatchRunner {
  readonly #simulator: Simulator
  readonly #close = new AbortController()
  readonly #work = new Map<string | symbol, Work>()
  readonly #failures: unknown[] = []

  constructor(simulator: Simulator) {
    this.#simulator = simulator
  }

  /** Goes on with what an earlier server left unfinished. */
  startAll(): void {
    for (const batch of this.#simulator.state.batches.values()) {
      if (!isFinal(batch.phase)) this.start(batch.id)
    }
  }

  /** Begins to work on a batch. */
  start(id: string): void {
    if (this.#close.signal.aborted) return
    const halt = new AbortController()
    const signals = { close: this.#close.signal, halt: AbortSignal.any([this.#close.signal, halt.signal]) }
    this.#track(
      id,
      halt,
      runBatch(this.#simulator, id, signals)
        .catch((error: unknown) => this.#fail(id, error))
        .then(() => this.#announce(id)),
    )
  }

  /** Does something after a while, unless the server closes before. */
  later(waitMs: number, act: () => Promise<void>): void {
    const { clock } = this.#simulator
    const { signal } = this.#close
    const wait = clock.sleep(waitMs, signal).then(() => (signal.aborted ? undefined : act()))
    this.#track(Symbol('later'), new AbortController(), wait)
  }

  /** Begins to cancel a batch that is not final; what was executed by then stays. */
  async cancel(batch: BatchRecord): Promise<BatchRecord> {
    const enteredAtMs = { ...batch.enteredAtMs, cancelling: this.#simulator.clock.now() }
    const cancelling: BatchRecord = { ...batch, phase: 'cancelling', enteredAtMs }
    const written = this.#simulator.state.batches.put(cancelling)
    this.#work.get(batch.id)?.halt.abort()
    await written
    return cancelling
  }

  /** Resolves when no batch is alive any more; throws the bugs that broke the work on one, not a full disk. */
  async drain(): Promise<void> {
    while (this.#work.size > 0) await Promise.all([...this.#work.values()].map((work) => work.done))
    if (this.#failures.length > 0)
      throw new AggregateError(this.#failures, 'the local server failed to work on a batch')
  }

  async close(): Promise<void> {
    this.#close.abort()
    await this.drain()
  }

  /** A client that hears of the end may look at once: the record is written by then. */
  async #announce(id: string): Promise<void> {
    const { clock, state, webhook } = this.#simulator
    const batch = state.batches.get(id)
    if (!webhook || !batch || !isFinal(batch.phase)) return
    const event = EVENTS[batch.dialect]?.(batch, webhook)
    if (!event) return
    const why = await deliverEvent(event, clock, this.#close.signal)
    if (why !== null) webhook.onUndelivered?.(`the webhook about ${id} was not delivered: ${why}`)
  }

  /** Ends a batch that the server cannot go on with, so that neither its client nor a restart waits for it. */
  async #fail(id: string, cause: unknown): Promise<void> {
    const { clock, onFailure, state } = this.#simulator
    const error = cause instanceof Error ? cause : new Error(String(cause))
    const batch = state.batches.get(id)
    if (batch && !isFinal(batch.phase)) await state.batches.put(failed(batch, error, clock.now())).catch(keepInMemory)
    onFailure?.({ batchId: id, error })
    if (!isSystemError(error)) throw error
  }

  #track(key: string | symbol, halt: AbortController, work: Promise<void>): void {
    const done = work.catch((error: unknown) => void this.#failures.push(error)).finally(() => this.#work.delete(key))
    this.#work.set(key, { halt, done })
  }
}

function failed(batch: BatchRecord, error: Error, now: number): BatchRecord {
  const message = `The server could not go on with this batch: ${error.message}`
  const problems = [{ code: 'server_error', message, line: null, param: null }]
  return { ...batch, phase: 'failed', enteredAtMs: { ...batch.enteredAtMs, failed: now }, problems }
}

/** The disk that ended the batch may refuse its record too: then a restart finds it unfinished and works on it again. */
function keepInMemory(error: unknown): void {
  if (!isSystemError(error)) throw error
}
