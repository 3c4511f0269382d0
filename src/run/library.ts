import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import { type ConfigurationFlags, loadConfiguration } from '../config/configuration.ts'
import { userDataFolder } from '../config/home.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { thisMachine } from '../lib/machine.ts'
import { systemRandom } from '../lib/random.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import type { OutcomeStatus, Usage } from '../model/outcome.ts'
import type { RowOutcome, SettledResult } from '../model/row.ts'
import type { DeadlineWish, OutputPlan } from '../model/run.ts'
import { formatOf } from '../output/format.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { ChatMessage } from '../request/chat-messages.ts'
import { parseDeadline } from './deadline.ts'
import { findRun } from './find-run.ts'
import { answersOf, type WrittenFiles } from './finish.ts'
import { RunHandle } from './handle.ts'
import type { Progress } from './progress.ts'
import { costOfResult, type RunReport } from './report.ts'
import { type NewRunOptions, takeNewRun, takeRun } from './start.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** A record of the user's input, where nothing more is known of its columns. */
export type AnyRow = Readonly<Record<string, unknown>>

/** Where a run lives and how it waits; every field may also come from the environment or the configuration file. */
export interface PlaceOptions {
  /** The home folder. @default as the command finds it */
  readonly home?: string
  /** A configuration file. @default `llm-batch.config.json` in the working folder */
  readonly config?: string
  /** First interval between two looks at a batch, such as `30s`. */
  readonly pollInterval?: string
  /** The most the run may cost, in US dollars; another number for a run that is here raises or lowers its cap. */
  readonly budget?: { readonly maxCostUsd?: number | undefined }
  /** False for no rows that are asked directly before a large run is sent. @default as the configuration says */
  readonly canary?: boolean
  /** Variables to use in place of the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** What `startRun` makes a run from. */
export interface StartRunOptions<Row extends object = AnyRow>
  extends PlaceOptions,
    Pick<
      NewRunOptions,
      | 'provider'
      | 'system'
      | 'maxTokens'
      | 'temperature'
      | 'parameters'
      | 'timeoutHours'
      | 'idColumn'
      | 'skipInvalid'
      | 'dedupe'
      | 'since'
      | 'limit'
      | 'sample'
      | 'seed'
      | 'name'
      | 'again'
    > {
  /** The path of a `.jsonl` or `.csv` file, or rows. */
  readonly input: string | Iterable<Row> | AsyncIterable<Row>
  /** `provider/model`, such as `openai/gpt-5-mini`; may be absent for provider-ready lines. */
  readonly model?: string
  /** A template with `{{column}}`, or a function; absent where the rows carry `messages` or `body`. */
  readonly prompt?: string | ((row: Row) => string | readonly ChatMessage[] | Promise<string | readonly ChatMessage[]>)
  /** Where to write the answers when the run is finished. @default nowhere; read them with `results()` */
  readonly output?: string | (Partial<OutputPlan> & { readonly path: string })
}

/** The result of one row. */
export interface RowResult<Row extends object = AnyRow> {
  /** The input row, as it was frozen. */
  readonly row: Row
  /** The user's id of the row, or its line number as text. */
  readonly id: string
  readonly status: OutcomeStatus | 'pending'
  /** The answer's text; null where there is none. */
  readonly output: string | null
  readonly error: string | null
  readonly finishReason: string | null
  readonly usage: Usage | null
  /**
   * US dollars; null where the price or the usage is not known, 0 where it was bought for an earlier row or by an earlier
   * run.
   */
  readonly costUsd: number | null
  /** Who the answer was bought for; null while there is none. */
  readonly boughtFor: SettledResult['boughtFor'] | null
  /** The model that answered, as the provider names it. */
  readonly model: string | null
}

/** How a run is brought to its end. */
export interface FinishOptions {
  /** Stops the driving; nothing is cancelled at the provider, and calling again goes on. */
  readonly signal?: AbortSignal
  /**
   * A time from now such as `20h`, an instant, or null to take a deadline away. What is unfinished when it nears is
   * cancelled at the provider and harvested: the rows in question end as `cancelled`. @default as it was set before
   */
  readonly deadline?: string | Date | null
  /** Goes on although most rows of a batch failed alike, now and later. @default false */
  readonly ignoreStopLoss?: boolean
}

/** What `finished` resolves with. */
export interface FinishedRun extends RunReport {
  readonly answers: WrittenFiles | null
}

/**
 * Makes a run from rows and a prompt, frozen and planned but not yet sent; `finished()` sends it. The same content twice
 * is one run: an unfinished one is gone on with, a finished one throws `already_done` unless `again` is set. Throws
 * before anything is sent when the input, the key or the options are wrong.
 */
export async function startRun(options: StartRunOptions & { readonly input: string }): Promise<Run>
export async function startRun<Row extends object>(options: StartRunOptions<Row>): Promise<Run<Row>>
export async function startRun<Row extends object>(options: StartRunOptions<Row>): Promise<Run<Row>> {
  const { input, prompt } = options
  const workspace = await openPlace(options)
  const emitter = new EventEmitter<{ event: [RunEvent] }>()
  try {
    const taken = await takeNewRun(
      workspace,
      {
        ...options,
        maxCostUsd: options.budget?.maxCostUsd,
        input: { source: typeof input === 'string' ? { path: input } : { rows: input } },
        inputPath: typeof input === 'string' ? input : null,
        prompt: typeof prompt === 'string' ? prompt : undefined,
        // The rows of this run are of the caller's own type; the stages know them as records.
        promptFunction: typeof prompt === 'function' ? (row) => prompt(row as Row) : undefined,
        output: outputPlan(options.output),
      },
      (event) => emitter.emit('event', event),
    )
    return new Run<Row>(workspace, new RunHandle(workspace, taken, emitter), emitter, options.again)
  } catch (error) {
    await workspace.close()
    throw error
  }
}

/**
 * Takes up a run by its id, a unique beginning of it, its name, or `last`. Throws `not_found`, `ambiguous`, or `busy`
 * where another process drives it.
 */
export async function openRun<Row extends object = AnyRow>(
  name: string,
  options: PlaceOptions = {},
): Promise<Run<Row>> {
  const workspace = await openPlace(options)
  try {
    const { id } = await findRun(workspace.store, name)
    const emitter = new EventEmitter<{ event: [RunEvent] }>()
    const taken = await takeRun(workspace, id, options.budget?.maxCostUsd)
    return new Run<Row>(workspace, new RunHandle(workspace, taken, emitter), emitter)
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

function flagsOf({ budget, canary, config, home, pollInterval }: PlaceOptions): ConfigurationFlags {
  return { canary, config, home, pollInterval, maxCostUsd: budget?.maxCostUsd }
}

function outputPlan(output: StartRunOptions['output']): OutputPlan {
  const given = typeof output === 'string' ? { path: output } : output
  const path = given === undefined ? null : resolve(given.path)
  const format = (path === null ? 'jsonl' : formatOf(path)) ?? 'jsonl'
  return { format, prefix: 'llm_', excelSafe: false, force: false, ...given, path }
}

function deadlineWish(deadline: FinishOptions['deadline']): DeadlineWish | undefined {
  if (deadline === undefined) return undefined
  if (deadline === null) return 'none'
  if (deadline instanceof Date) return { at: deadline.getTime() }
  const wish = parseDeadline(deadline)
  if (wish !== undefined) return wish
  throw new LlmBatchError('usage', `the deadline ${JSON.stringify(deadline)} is neither a time nor an instant`, {
    next: 'Write a duration such as 20h, or an instant such as 2026-11-24T08:00Z.',
  })
}

/** A run in the hands of this process. */
export class Run<Row extends object = AnyRow> {
  readonly id: string
  /** True where the same work was found in a run that was here already. */
  readonly isAttached: boolean
  /** What a new run was expected to cost and take; null for one that was here already. */
  readonly estimate: PlanSummary | null
  readonly #workspace: Workspace
  readonly #handle: RunHandle
  readonly #emitter: EventEmitter<{ event: [RunEvent] }>
  readonly #again: boolean

  constructor(workspace: Workspace, handle: RunHandle, emitter: EventEmitter<{ event: [RunEvent] }>, again = false) {
    this.id = handle.id
    this.isAttached = handle.isAttached
    this.estimate = handle.estimate
    this.#workspace = workspace
    this.#handle = handle
    this.#emitter = emitter
    this.#again = again
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
    })
    return { ...report, answers }
  }

  /** Every row in input order with its result, also while the run goes on. */
  async *results(): AsyncGenerator<RowResult<Row>, void> {
    const { run } = await this.#handle.report()
    const { provider } = run.definition
    const cost = costOfResult(this.#workspace.configuration.prices)
    for await (const page of answersOf(this.#workspace, this.#workspace.store.read(this.id), provider)) {
      for (const row of page) yield rowResult<Row>(row, cost)
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

function rowResult<Row extends object>(row: RowOutcome, cost: ReturnType<typeof costOfResult>): RowResult<Row> {
  const { problem, result } = row
  const outcome = result?.outcome
  const error = problem ? `${problem.code}: ${problem.detail}` : (outcome?.reason ?? null)
  return {
    row: JSON.parse(row.json) as Row,
    id: row.id ?? String(row.line),
    status: outcome?.status ?? (problem ? 'failed' : 'pending'),
    output: outcome?.output ?? null,
    error,
    finishReason: outcome?.finishReason ?? null,
    usage: outcome?.usage ?? null,
    costUsd: result ? cost(result) : null,
    boughtFor: result?.boughtFor ?? null,
    model: outcome?.model ?? null,
  }
}
