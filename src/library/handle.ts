import { EventEmitter } from 'node:events'
import pLimit from 'p-limit'
import { assertCancellable } from '../drive/cancel.ts'
import { confirmAccount } from '../drive/confirm-account.ts'
import { setDeadline } from '../drive/deadline.ts'
import { reviewStopLoss } from '../drive/gate.ts'
import { driveToEnd, type Until } from '../drive/loop.ts'
import { lookBeforeSending, refuseBeforeSending } from '../drive/preflight.ts'
import { lookSoon, recover } from '../drive/recover.ts'
import { release, releaseForBudget } from '../drive/release.ts'
import { assertLimitable, type Reopened, type RetryOptions, refuseRetry, reopen } from '../drive/retry.ts'
import { appendLine } from '../lib/append-file.ts'
import { messageOf } from '../model/error.ts'
import type { Happening, RunEvent } from '../model/event.ts'
import { inProperties } from '../model/options/mention.ts'
import { isFinished } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import type { TextSink } from '../output/destination.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { type AppendedRows, RowAppender } from '../prepare/append-rows.ts'
import type { TakenRun } from '../prepare/start.ts'
import { type WrittenFiles, writeRunAnswers } from '../results/finish.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { Sitting } from '../telemetry/sitting.ts'
import { type RunContext, runContext, type Steering } from '../workspace/context.ts'
import { warnOvershoot } from '../workspace/overshoot.ts'
import { type Progress, progressOf } from '../workspace/progress.ts'
import { type RunReport, reportOf } from '../workspace/report.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { beginRunSitting, watchHomeQueues } from './run-sitting.ts'
import { tellingIn, toldEvent, type Words } from './told.ts'

/** Options of driving a run. */
export interface DriveOptions extends Steering {
  /** @default 'finished' */
  readonly until?: Until | undefined
  /** Stops driving; nothing is cancelled at the provider, and the run can be taken up again. */
  readonly signal?: AbortSignal | undefined
  /** Takes up held batches again, as `resume` does. @default false */
  readonly releaseHeld?: boolean | undefined
  /** False where the answers stay in the home, whatever place was named for them. @default true */
  readonly writesAnswers?: boolean | undefined
  /** Where answers go whose plan says standard output; without it these are not written. */
  readonly sink?: TextSink | undefined
}

/** Result of driving a run. */
export interface Driven {
  readonly report: RunReport
  /** Where the answers were written; null where the run is not finished or names no file. */
  readonly answers: WrittenFiles | null
}

/**
 * A run taken up by this process, the only one that writes it until `close`. The command and the library are thin
 * callers of this.
 */
export class RunHandle {
  readonly id: string
  readonly isAttached: boolean
  readonly estimate: PlanSummary | null
  readonly #workspace: Workspace
  readonly #taken: TakenRun
  readonly #emitter: EventEmitter<{ event: [RunEvent] }>
  readonly #words: Words
  /** Known from the first drive on, before which nothing happens. */
  #name: string | null = null
  #isClosed = false
  /** Lets one thing at a time happen to the run; how it ends is the business of its own caller. */
  readonly #inTurn = pLimit(1)
  /** Rows are appended while the run is driven, but one call after another. */
  readonly #appending = pLimit(1)
  readonly #appender: RowAppender
  readonly #stopping = new AbortController()
  /** When this process had made the run; null where it was here before. */
  readonly #preparedAt: number | null
  /** Tells OpenTelemetry what happens; null where that is not set up. */
  #sitting: Sitting | null = null

  /** @default words: those of the library */
  constructor(
    workspace: Workspace,
    taken: TakenRun,
    emitter: EventEmitter<{ event: [RunEvent] }>,
    words: Words = inProperties,
  ) {
    this.id = taken.store.id
    this.isAttached = taken.isAttached
    this.estimate = taken.estimate
    this.#workspace = workspace
    this.#taken = taken
    this.#emitter = emitter
    this.#words = words
    this.#preparedAt = taken.estimate === null ? null : workspace.clock.now()
    this.#appender = new RowAppender(workspace, taken.store, taken.promptFunction)
  }

  /** Calls the listener with everything that happens to the run while this process drives it. */
  onEvent(listener: (event: RunEvent) => void): void {
    this.#emitter.on('event', listener)
  }

  /**
   * Drives the run until it is finished, held, stopped, or as far as `until` says, and writes its answers when it is
   * finished. May be repeated; a finished run only has its answers written again, and a call while another one is at
   * work waits for that one's end. Throws `account_mismatch` when the key belongs to another account.
   */
  async drive(options: DriveOptions = {}): Promise<Driven> {
    return await this.#inTurn(() => this.#told(() => this.#drive(options)))
  }

  /** Drives the run as `drive` does until nothing is due, and returns it: a report takes a look at all of the run. */
  async goRound(options: Omit<DriveOptions, 'until'>): Promise<RunRecord> {
    return await this.#inTurn(() => this.#told(() => this.#goRound(options)))
  }

  async #goRound(options: Omit<DriveOptions, 'until'>): Promise<RunRecord> {
    const run = await this.#advance({ ...options, until: 'round' })
    if (options.writesAnswers !== false && isFinished(run.state)) {
      await this.#writeWhenFinished(await this.report(), options.sink)
    }
    return run
  }

  /** Does work on the run, and keeps what happens meanwhile in its log, and in its trace where one is wanted. */
  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    const run = await this.#taken.store.record()
    this.#name = run.name
    const log = this.#openLog(this.#workspace.folderOf(this.id).log)
    try {
      return await this.#traced(run, work)
    } finally {
      await log.close()
    }
  }

  async #traced<Result>(run: RunRecord, work: () => Promise<Result>): Promise<Result> {
    const sitting = await beginRunSitting(this.#workspace, run, this.#preparedAt, (message) => {
      this.#emit({ type: 'warning', code: 'telemetry_missing', message, batch: null })
    })
    if (sitting === null) return await work()
    this.#sitting = sitting
    const unwatch = watchHomeQueues(this.#workspace)
    try {
      const result = await sitting.within(work)
      await sitting.end()
      return result
    } catch (error) {
      await sitting.end({ error })
      throw error
    } finally {
      await unwatch()
      this.#sitting = null
    }
  }

  /**
   * Gives rows back to be sent, once a drive that is at work has ended; see `reopen` of retry.ts. Throws `usage` where
   * another limit of tokens is asked for and the endpoint has none, and `unfit_model` where their model would not answer.
   */
  async reopen(options: RetryOptions): Promise<Reopened> {
    const { store } = this.#taken
    return await this.#inTurn(async () => {
      await refuseRetry(this.#workspace, store, options, (event) => this.#emit(event))
      if (options.maxTokens !== null) await assertLimitable(this.#workspace, await store.allAttempts())
      return await reopen(store, options, this.#workspace.configuration.settings.canary)
    })
  }

  /**
   * Appends rows to an open run, also while it is driven: the drive then takes up their batches too. See
   * `RowAppender.append`.
   */
  async append(rows: Iterable<unknown> | AsyncIterable<unknown>): Promise<AppendedRows> {
    return await this.#appending(async () => {
      this.#name = (await this.#taken.store.record()).name
      return await this.#appender.append(rows, (happening) => this.#emit(happening))
    })
  }

  /** Has the run take no more rows, once those that are being appended are in it; may be repeated. */
  async seal(): Promise<void> {
    await this.#appending(() => this.#taken.store.sealRun())
  }

  /**
   * Keeps with the run what steers it from now on, for whichever process drives it; a drive does so by itself. Throws `usage`
   * for a deadline that is over, and for a tail that the run cannot have.
   */
  async steer(steering: Pick<Steering, 'deadline' | 'ignoreStopLoss' | 'priority' | 'tail'>): Promise<void> {
    const { clock, configuration } = this.#workspace
    const { store } = this.#taken
    const provider = await this.#workspace.describe((await store.record()).definition.provider)
    await steer({ clock, provider, settings: configuration.settings, store }, steering)
  }

  /**
   * Takes up held batches again, as a drive does that is to release them, and leaves the rest to the process that drives the
   * run next. May be repeated; throws as `drive` does.
   */
  async release(): Promise<void> {
    await this.#inTurn(async () => {
      const { store } = this.#taken
      const context = await runContext(this.#workspace, store, (event) => this.#emit(event))
      try {
        await confirmAccount(context, this.#stopping.signal)
        await release(context)
        if ((await store.record()).state === 'held') await store.moveRun('running')
      } finally {
        context.counters.close()
      }
    })
  }

  async #drive(options: DriveOptions): Promise<Driven> {
    await this.#advance(options)
    const report = await this.report()
    const mayWrite = options.writesAnswers !== false
    return { report, answers: mayWrite ? await this.#writeWhenFinished(report, options.sink) : null }
  }

  /** Drives the run unless it is finished, and returns it. */
  async #advance(options: DriveOptions): Promise<RunRecord> {
    const { store } = this.#taken
    const run = await store.record()
    if (isFinished(run.state)) return run
    await this.#driveOn(options)
    return await store.record()
  }

  async #driveOn(options: DriveOptions): Promise<void> {
    const { store } = this.#taken
    const { signal: stopping } = this.#stopping
    const signal = options.signal === undefined ? stopping : AbortSignal.any([options.signal, stopping])
    const noteLook = (target: Target): void => this.#sitting?.hearLook(target)
    const context = await runContext(this.#workspace, store, (event) => this.#emit(event), { ...options, noteLook })
    try {
      await confirmAccount(context, signal)
      await steer(context, options)
      await recover(context)
      if (options.releaseHeld) await release(context)
      else await releaseForBudget(context)
      await warnOvershoot(context)
      // What this process has made was judged when it was made; an open run had no rows then.
      if (this.estimate === null) await refuseBeforeSending(this.#workspace, context, options.forceModel ?? false)
      const until = options.until ?? 'finished'
      if ((await lookBeforeSending(context, until === 'finished', signal)) === 'stopped') return
      if (until === 'finished') await lookSoon(context)
      await driveToEnd(context, until, signal)
    } finally {
      context.counters.close()
    }
  }

  /** How far the run has come. */
  progress(): Promise<Progress> {
    return progressOf(this.#taken.store, tellingIn(this.#words))
  }

  report(): Promise<RunReport> {
    return reportOf(this.#taken.store, this.#workspace.configuration)
  }

  /** Asks for the run to be cancelled; driving it carries that out and keeps what was finished. */
  async cancel(): Promise<void> {
    const { state } = await this.#taken.store.record()
    assertCancellable(state, this.id)
    await this.#workspace.store.requestCancel(this.id)
  }

  /** Stops what works on the run and waits for its end; no drive begins any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#appending(() => undefined)
    await this.#inTurn(() => undefined)
  }

  /** Lets go of the run, so that another process may take it up. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#taken.lock.release()
  }

  async #writeWhenFinished(report: RunReport, sink: TextSink | undefined): Promise<WrittenFiles | null> {
    const { output, state } = report.run
    if (!isFinished(state) || output.path === null) return null
    // A run begun in a pipe may be finished where there is none, such as by `tick`; its answers stay in the home.
    if (output.path === '-' && sink === undefined) return null
    const { clock } = this.#workspace
    const startedAt = clock.monotonic()
    const written = await writeRunAnswers(this.#workspace, this.#taken.store, {
      plan: { ...output, path: output.path },
      report,
      sink,
    })
    const tookMs = Math.round(clock.monotonic() - startedAt)
    this.#emit({ type: 'written', path: written.path, rows: written.rows, tookMs })
    return written
  }

  #emit(happening: Happening): void {
    const told = toldEvent({ run: this.id, name: this.#name, ...happening }, this.#words)
    this.#sitting?.hear(happening, told)
    this.#emitter.emit('event', told)
  }

  /** Keeps every event in the run's log, one JSON object a line. */
  #openLog(path: string): { close(): Promise<void> } {
    const { clock, disk } = this.#workspace
    let last: Promise<void> = Promise.resolve()
    let failure: unknown
    const listener = (event: RunEvent): void => {
      const line = JSON.stringify({ at: new Date(clock.now()).toISOString(), ...event })
      last = last
        .then(() => appendLine(disk, path, line))
        .catch((error: unknown) => {
          failure ??= error
        })
    }
    this.#emitter.on('event', listener)
    return {
      close: async () => {
        this.#emitter.off('event', listener)
        await last
        if (failure === undefined) return
        const message = `the log of the run is not complete: ${messageOf(failure)}`
        this.#emit({ type: 'warning', code: 'log_incomplete', message, batch: null })
      },
    }
  }
}

/** Keeps with the run what steers it from now on. */
async function steer(
  context: Pick<RunContext, 'clock' | 'provider' | 'settings' | 'store'>,
  { deadline, ignoreStopLoss, priority, tail }: Steering,
): Promise<void> {
  if (priority !== undefined) await context.store.steerRun({ priority })
  if (deadline !== undefined || tail !== undefined) await setDeadline(context, { deadline, tail })
  await reviewStopLoss(context, ignoreStopLoss ?? false)
}
