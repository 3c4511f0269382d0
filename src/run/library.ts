import { EventEmitter } from 'node:events'
import { type ConfigurationFlags, loadConfiguration } from '../config/configuration.ts'
import { userDataFolder } from '../config/home.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { thisMachine } from '../lib/machine.ts'
import { systemRandom } from '../lib/random.ts'
import type { EndpointChoice } from '../model/endpoint.ts'
import type { RunEvent } from '../model/event.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { isValidator, type Validator } from '../schema/standard-schema.ts'
import { findRun } from './find-run.ts'
import { answersOf, type WrittenFiles } from './finish.ts'
import { RunHandle } from './handle.ts'
import { libraryJob } from './library-job.ts'
import {
  type AnswerOptions,
  answerDefinition,
  deadlineWish,
  type FinishOptions,
  outputPlan,
  type PlaceOptions,
  type StartRunOptions,
  sourceOf,
} from './library-options.ts'
import {
  type AnswerOf,
  type AnswerSchema,
  type AnyRow,
  judgeBy,
  type OutputBy,
  type RowResult,
  rowResult,
} from './library-result.ts'
import type { Progress } from './progress.ts'
import { costOfResult, type RunReport } from './report.ts'
import { takeNewRun, takeRun } from './start.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** What `finished` resolves with. */
export interface FinishedRun extends RunReport {
  readonly answers: WrittenFiles | null
}

/**
 * Makes a run from rows and a prompt, frozen and planned but not yet sent; `finished()` sends it. The same content twice
 * is one run: an unfinished one is gone on with, a finished one throws `already_done` unless `again` is set. Throws
 * before anything is sent when the input, the key or the options are wrong.
 */
export async function startRun<
  const Schema extends AnswerSchema | undefined = undefined,
  Endpoint extends EndpointChoice = 'chat',
>(
  options: StartRunOptions<AnyRow, Schema> & { readonly input: string; readonly endpoint?: Endpoint | undefined },
): Promise<Run<AnyRow, OutputBy<Schema, Endpoint, AnyRow, undefined>>>
export async function startRun<
  Row extends object,
  const Schema extends AnswerSchema | undefined = undefined,
  Endpoint extends EndpointChoice = 'chat',
  Column extends string | undefined = undefined,
>(
  options: StartRunOptions<Row, Schema> & {
    readonly endpoint?: Endpoint | undefined
    readonly textColumn?: Column
  },
): Promise<Run<Row, OutputBy<Schema, Endpoint, Row, Column>>>
export async function startRun<Row extends object, Schema extends AnswerSchema | undefined>(
  options: StartRunOptions<Row, Schema>,
): Promise<Run<Row, unknown>> {
  const { input, prompt, schema } = options
  const answer = await answerDefinition(options)
  const workspace = await openPlace(options)
  const emitter = new EventEmitter<{ event: [RunEvent] }>()
  try {
    const taken = await takeNewRun(
      workspace,
      {
        ...options,
        answer,
        maxReasks: options.reask,
        maxCostUsd: options.budget?.maxCostUsd,
        input: { source: sourceOf(input) },
        prompt: typeof prompt === 'string' ? prompt : undefined,
        // The rows of this run are of the caller's own type; the stages know them as records.
        promptFunction: typeof prompt === 'function' ? (row) => prompt(row as Row) : undefined,
        job: libraryJob({ ...options, schema: answer?.schema, schemaName: answer?.name }),
        output: outputPlan(options.output),
      },
      (event) => emitter.emit('event', event),
    )
    const handle = new RunHandle(workspace, taken, emitter)
    return new Run<Row, unknown>(workspace, handle, emitter, { again: options.again, schema })
  } catch (error) {
    await workspace.close()
    throw error
  }
}

/**
 * Takes up a run by its id, a unique beginning of it, its name, or `last`; a schema types its answers, as at the start.
 * Throws `not_found`, `ambiguous`, or `busy` where another process drives it.
 */
export async function openRun<Row extends object = AnyRow, Output = string>(
  name: string,
  options?: PlaceOptions & { readonly schema?: undefined },
): Promise<Run<Row, Output>>
export async function openRun<Row extends object = AnyRow, const Schema extends AnswerSchema = AnswerSchema>(
  name: string,
  options: PlaceOptions & Required<AnswerOptions<Schema>>,
): Promise<Run<Row, AnswerOf<Schema>>>
export async function openRun<Row extends object>(
  name: string,
  options: PlaceOptions & AnswerOptions<AnswerSchema | undefined> = {},
): Promise<Run<Row, unknown>> {
  const workspace = await openPlace(options)
  try {
    const { id } = await findRun(workspace.store, name)
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    const taken = await takeRun(workspace, id, options.budget?.maxCostUsd)
    const handle = new RunHandle(workspace, taken, emitter)
    return new Run<Row, unknown>(workspace, handle, emitter, { schema: options.schema })
  } catch (error) {
    await workspace.close()
    throw error
  }
}

async function openPlace(options: PlaceOptions): Promise<Workspace> {
  const machine = thisMachine()
  const environment = options.environment ?? machine.environment
  const configuration = await loadConfiguration({
    flags: flagsOf(options),
    environment,
    workingFolder: machine.workingFolder,
    disk: systemDisk,
    userFolder: userDataFolder({ ...machine, environment }),
  })
  return await openWorkspace({ configuration, environment, disk: systemDisk, clock: systemClock, random: systemRandom })
}

function flagsOf({ budget, canary, config, home, maxImageBytes, pollInterval }: PlaceOptions): ConfigurationFlags {
  return { canary, config, home, maxImageBytes, pollInterval, maxCostUsd: budget?.maxCostUsd }
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
  readonly #validator: Validator | null

  constructor(
    workspace: Workspace,
    handle: RunHandle,
    emitter: EventEmitter<{ event: [RunEvent] }>,
    {
      again = false,
      schema,
    }: { readonly again?: boolean | undefined; readonly schema?: AnswerSchema | undefined } = {},
  ) {
    this.id = handle.id
    this.isAttached = handle.isAttached
    this.estimate = handle.estimate
    this.#workspace = workspace
    this.#handle = handle
    this.#emitter = emitter
    this.#again = again
    this.#validator = isValidator(schema) ? schema : null
  }

  /** `event` brings everything that happens; `progress` how far the run has come after each of these. */
  on(name: 'event', listener: (event: RunEvent) => void): this
  on(name: 'progress', listener: (progress: Progress) => void): this
  on(name: 'event' | 'progress', listener: ((event: RunEvent) => void) | ((progress: Progress) => void)): this {
    if (name === 'event') this.#emitter.on('event', listener as (event: RunEvent) => void)
    else {
      const tell = listener as (progress: Progress) => void
      // Progress is read from the store; a failing read is not lost, the next drive meets it too.
      this.#emitter.on('event', () => void this.#handle.progress().then(tell, ignoreClosedStore))
    }
    return this
  }

  /**
   * Sends, watches and collects until every row has its final record, or the run is held (look at `run.state`). May be
   * repeated. Throws `already_sent`, with nothing sent, where the provider has the same work from a home that is not this
   * one.
   */
  async finished({ deadline, ignoreStopLoss, signal }: FinishOptions = {}): Promise<FinishedRun> {
    const { report, answers } = await this.#handle.drive({
      signal,
      ignoreStopLoss,
      deadline: deadlineWish(deadline),
      releaseHeld: true,
      again: this.#again,
      judgeValue: this.#validator === null ? undefined : judgeBy(this.#validator),
    })
    return { ...report, answers }
  }

  /**
   * Every row in input order with its result, also while the run goes on. Answers that a validator rejects now are
   * `invalid`, whatever they were to whoever collected them.
   */
  async *results(): AsyncGenerator<RowResult<Row, Output>, void> {
    const { run } = await this.#handle.report()
    const { provider } = run.definition
    const cost = costOfResult(this.#workspace.configuration.prices)
    for await (const page of answersOf(this.#workspace, this.#workspace.store.read(this.id), provider)) {
      for (const row of page) yield (await rowResult<Row>(row, cost, this.#validator)) as RowResult<Row, Output>
    }
  }

  /** How far the run has come. */
  progress(): Promise<Progress> {
    return this.#handle.progress()
  }

  /** Cancels the run: at the provider too, and what was finished there is kept. */
  async cancel(): Promise<FinishedRun> {
    await this.#handle.cancel()
    return await this.finished()
  }

  /** Lets go of the run and its home. */
  async close(): Promise<void> {
    this.#handle.close()
    await this.#workspace.close()
  }
}

/** An event may still be on its way when the caller closes the run. */
function ignoreClosedStore(error: unknown): void {
  if (!(error instanceof Error) || !/not open|closed/i.test(error.message)) throw error
}
