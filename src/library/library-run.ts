import type { EventEmitter } from 'node:events'
import type { Until } from '../drive/loop.ts'
import type { Reopened } from '../drive/retry.ts'
import { type RetryBill, retryBillOf } from '../drive/retry-bill.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import { inProperties } from '../model/options/mention.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { AppendedRows } from '../prepare/append-rows.ts'
import { answersOf, type WrittenFiles } from '../results/finish.ts'
import { isValidator, type Validator } from '../schema/standard-schema.ts'
import type { Progress } from '../workspace/progress.ts'
import { costOfResult } from '../workspace/report.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { RunHandle } from './handle.ts'
import { checkFinishOptions, retryOptions } from './library-checks.ts'
import { deadlineWish, type FinishOptions, type RetryRunOptions } from './library-options.ts'
import { type AnswerSchema, type AnyRow, judgeBy, type RowResult, rowResult } from './library-result.ts'
import { type ToldReport, toldReport } from './told.ts'

/** State of a run after it was driven. */
export interface DrivenRun extends ToldReport {
  /** Where the answers were written; null where the run is not finished or names no file. */
  readonly answers: WrittenFiles | null
}

/** Facts of a run besides those that are stored. */
interface RunFacts {
  readonly again?: boolean | undefined
  readonly forceModel?: boolean | undefined
  /** Events from before the program could listen. */
  readonly early?: readonly RunEvent[] | undefined
  readonly schema?: AnswerSchema | undefined
}

/** A run in the hands of this process. */
export class Run<Row extends object = AnyRow, Output = string> {
  readonly id: string
  /** True where the same work was found in a run that was here already. */
  readonly isAttached: boolean
  /** What a new run was expected to cost and take; null for one that was here already. */
  readonly estimate: PlanSummary | null
  readonly #workspace: Workspace
  readonly #handle: RunHandle
  readonly #emitter: EventEmitter<{ event: [RunEvent] }>
  readonly #again: boolean
  readonly #forceModel: boolean
  readonly #early: readonly RunEvent[]
  readonly #validator: Validator | null
  #isClosed = false

  constructor(
    workspace: Workspace,
    handle: RunHandle,
    emitter: EventEmitter<{ event: [RunEvent] }>,
    { again = false, early = [], forceModel = false, schema }: RunFacts = {},
  ) {
    this.id = handle.id
    this.isAttached = handle.isAttached
    this.estimate = handle.estimate
    this.#workspace = workspace
    this.#handle = handle
    this.#emitter = emitter
    this.#again = again
    this.#forceModel = forceModel
    this.#early = early
    this.#validator = isValidator(schema) ? schema : null
  }

  /**
   * `event` brings everything that happens, what happened while `startRun` prepared the run at once; `progress` how far the
   * run has come after each of these.
   */
  on(name: 'event', listener: (event: RunEvent) => void): this
  on(name: 'progress', listener: (progress: Progress) => void): this
  on(name: 'event' | 'progress', listener: ((event: RunEvent) => void) | ((progress: Progress) => void)): this {
    if (name === 'event') {
      const tell = listener as (event: RunEvent) => void
      for (const event of this.#early) tell(event)
      this.#emitter.on('event', tell)
    } else {
      const tell = listener as (progress: Progress) => void
      // Progress is read from the store; a failing read is not lost, the next drive meets it too.
      this.#emitter.on('event', () => void this.#handle.progress().then(tell, ignoreClosedStore))
    }
    return this
  }

  /**
   * Appends rows to an open run, frozen and planned but not yet sent; a drive that is at work takes them up. All of them are
   * appended, or none. Rows that the run has under the same id with the same content are counted as known, so that a program
   * that is started again may append them again. Throws `InputProblemsError` where rows cannot be sent, or an id is that of
   * another row, and `sealed` where the run takes no more rows and does not have all of these.
   */
  async appendRows(rows: Iterable<Row> | AsyncIterable<Row>): Promise<AppendedRows> {
    this.#assertOpen()
    return await this.#handle.append(rows)
  }

  /**
   * Has an open run take no more rows: `finished` then brings it to its end and writes its answers. May be repeated; nothing
   * changes for a run that was never open.
   */
  async seal(): Promise<void> {
    this.#assertOpen()
    await this.#handle.seal()
  }

  /**
   * Sends, watches and collects until every row has its final record, or the run is held (look at `run.state`). An open run
   * is `open` then: drive it again when rows were appended. May be repeated. Throws `already_sent`, with nothing sent, where
   * the provider has the same work from a home that is not this one.
   */
  async finished(options: FinishOptions = {}): Promise<DrivenRun> {
    return await this.#drive('finished', 'finished', options, true)
  }

  /**
   * Sends everything that can be sent and does not wait for answers; batches for which a queue
   * has no room stay here. Go on with `tick` or `finished`, also from another process. May be repeated; throws as
   * `finished` does.
   */
  async submit(options: FinishOptions = {}): Promise<DrivenRun> {
    return await this.#drive('submit', 'submitted', options, true)
  }

  /**
   * One round of work: takes every batch that is due one step further, and writes the answers
   * when that finished the run. What is held stays held. May be repeated; throws as `finished` does.
   */
  async tick(options: FinishOptions = {}): Promise<DrivenRun> {
    return await this.#drive('tick', 'round', options, false)
  }

  /**
   * Gives rows back to be sent: those that failed, expired, were cancelled or are missing and
   * were certainly not billed; or, where `status` names outcomes, all rows with these, which buys again what was billed.
   * Send them with `finished`, `submit` or `tick`. Returns how many rows that are.
   */
  async retry(options: RetryRunOptions = {}): Promise<Reopened> {
    this.#assertOpen()
    return await this.#handle.reopen(retryOptions({ forceModel: this.#forceModel, ...options }))
  }

  /** What `retry` with these options would send again, what that cost the last time, and what it may cost now. */
  async retryBill(options: RetryRunOptions = {}): Promise<RetryBill> {
    this.#assertOpen()
    return await retryBillOf(this.#workspace.store.read(this.id), retryOptions(options), this.#workspace.configuration)
  }

  /**
   * Every row in input order with its result, also while the run goes on. Answers that a validator rejects now are
   * `invalid`, whatever the process that collected them made of them.
   */
  async *results(): AsyncGenerator<RowResult<Row, Output>, void> {
    this.#assertOpen()
    const { run } = await this.#handle.report()
    const { provider } = run.definition
    const cost = costOfResult(this.#workspace.configuration.prices)
    for await (const page of answersOf(this.#workspace, this.#workspace.store.read(this.id), provider)) {
      for (const row of page) yield (await rowResult<Row>(row, cost, this.#validator)) as RowResult<Row, Output>
    }
  }

  /** How far the run has come. */
  async progress(): Promise<Progress> {
    this.#assertOpen()
    return await this.#handle.progress()
  }

  /** Cancels the run: at the provider too, and what was finished there is kept. */
  async cancel(): Promise<DrivenRun> {
    this.#assertOpen()
    await this.#handle.cancel()
    return await this.finished()
  }

  /**
   * Lets go of the run and its home. A drive that is at work stops first, as by its signal; nothing is cancelled at the
   * provider. May be repeated.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#handle.stop()
    this.#handle.close()
    await this.#workspace.close()
  }

  /** Closes the run at the end of a block that holds it by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #drive(method: string, until: Until, options: FinishOptions, releaseHeld: boolean): Promise<DrivenRun> {
    this.#assertOpen()
    checkFinishOptions(method, options)
    const { deadline, forceModel = this.#forceModel, ignoreStopLoss, priority, signal, tail } = options
    const { report, answers } = await this.#handle.drive({
      until,
      signal,
      ignoreStopLoss,
      deadline: deadlineWish(deadline),
      tail,
      priority,
      releaseHeld,
      again: this.#again,
      forceModel,
      judgeValue: this.#validator === null ? undefined : judgeBy(this.#validator),
    })
    return { ...toldReport(report, inProperties), answers }
  }

  #assertOpen(): void {
    if (!this.#isClosed) return
    throw new LlmBatchError('usage', `run ${this.id} was closed by this program`, {
      next: `Open it again with openRun('${this.id}').`,
    })
  }
}

/** An event may still be on its way when the caller closes the run. */
function ignoreClosedStore(error: unknown): void {
  if (!(error instanceof Error) || !/not open|closed/i.test(error.message)) throw error
}
