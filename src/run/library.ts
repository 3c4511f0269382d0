import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import { type ConfigurationFlags, loadConfiguration } from '../config/configuration.ts'
import { userDataFolder } from '../config/home.ts'
import type { InputSource } from '../input/open.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { thisMachine } from '../lib/machine.ts'
import { systemRandom } from '../lib/random.ts'
import type { AnswerDefinition, AnswerNote, JsonSchema } from '../model/answer.ts'
import type { EndpointChoice } from '../model/endpoint.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import type { OutcomeStatus, Usage } from '../model/outcome.ts'
import type { OtherQuestion, RowOutcome, SettledResult } from '../model/row.ts'
import { type DeadlineWish, type OutputPlan, PLAIN_OUTPUT } from '../model/run.ts'
import { answerId } from '../output/answer.ts'
import { formatOf } from '../output/format.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { ChatMessage } from '../request/message-json.ts'
import type { ValueJudge } from '../schema/check-answer.ts'
import { schemaName } from '../schema/schema-name.ts'
import { isValidator, jsonSchemaOf, type Validated, type Validator, validate } from '../schema/standard-schema.ts'
import { parseDeadline } from './deadline.ts'
import { findRun } from './find-run.ts'
import { answersOf, type WrittenFiles } from './finish.ts'
import { RunHandle } from './handle.ts'
import { libraryJob } from './library-job.ts'
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
  /** The most bytes of an image that is put into a request. @default what the provider allows */
  readonly maxImageBytes?: number
  /** False for no rows that are asked directly before a large run is sent. @default as the configuration says */
  readonly canary?: boolean
  /** Variables to use in place of the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** What answers must look like: a validator of any library that speaks Standard Schema, or a JSON Schema. */
export type AnswerSchema = Validator | JsonSchema

/** The value that answers of a schema are: typed by a validator, unknown of a JSON Schema, text without either. */
export type AnswerOf<Schema> =
  Schema extends Validator<infer Output> ? Output : Schema extends JsonSchema ? unknown : string

/** How answers are read. */
export interface AnswerOptions<Schema extends AnswerSchema | undefined> {
  /**
   * Asked of the provider, and every answer is checked by it: what does not fit is `invalid`. A validator runs when
   * answers are collected by this process and whenever they are read; what it makes of a value is the output. Other
   * processes check by its JSON Schema. @default free text
   */
  readonly schema?: Schema
}

/** What `startRun` makes a run from. */
export interface StartRunOptions<Row extends object = AnyRow, Schema extends AnswerSchema | undefined = undefined>
  extends PlaceOptions,
    AnswerOptions<Schema>,
    Pick<
      NewRunOptions,
      | 'provider'
      | 'endpoint'
      | 'textColumn'
      | 'suffixColumn'
      | 'system'
      | 'messages'
      | 'messagesColumn'
      | 'imageColumns'
      | 'imageDetail'
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
  /**
   * The path of a `.jsonl`, `.csv` or `.parquet` file (the first two also with `.gz`), a list of paths that are read as
   * one input, or rows.
   */
  readonly input: string | readonly string[] | Iterable<Row> | AsyncIterable<Row>
  /** `provider/model`, such as `openai/gpt-5-mini`; may be absent for provider-ready lines. */
  readonly model?: string
  /** A template with `{{column}}`, or a function; absent where the rows carry `messages` or `body`. */
  readonly prompt?: string | ((row: Row) => string | readonly ChatMessage[] | Promise<string | readonly ChatMessage[]>)
  /** The JSON Schema of a validator whose library cannot tell it, such as valibot's. @default asked of the library */
  readonly jsonSchema?: JsonSchema
  /** False where the provider should not enforce the schema, so that its rules for schemas do not apply. @default true */
  readonly strict?: boolean
  /** How often a row is asked again whose answer does not fit, with what was wrong; each costs money. @default 0 */
  readonly reask?: number
  /** Where to write the answers when the run is finished. @default nowhere; read them with `results()` */
  readonly output?: string | (Partial<OutputPlan> & { readonly path: string })
}

/**
 * What the answers of an endpoint are read as; `Row` and `Column` tell whether a row of the caller's own type holds one
 * text or several.
 */
export type OutputOf<Endpoint, Row = AnyRow, Column = undefined> = Endpoint extends 'embeddings' | '/v1/embeddings'
  ? PerText<number[], Row, Column>
  : Endpoint extends JsonEndpoint | `/v1/${JsonEndpoint}` | '/v1/chat/moderations' | '/v1/chat/classifications'
    ? PerText<Readonly<Record<string, unknown>>, Row, Column>
    : string

type JsonEndpoint = 'moderations' | 'chat-moderations' | 'classifications' | 'chat-classifications'

/** One answer for a text, a list for a list of texts. */
type PerText<Answer, Row, Column> = Column extends keyof Row
  ? Row[Column] extends readonly unknown[]
    ? Answer[]
    : Answer
  : Answer

/** What the answers of a run are read as: by its schema, else by its endpoint. */
export type OutputBy<Schema extends AnswerSchema | undefined, Endpoint, Row, Column> = Schema extends AnswerSchema
  ? AnswerOf<Schema>
  : OutputOf<Endpoint, Row, Column>

/** The result of one row; `Output` is what its answer is read as. */
export type RowResult<Row extends object = AnyRow, Output = string> = RowFacts<Row> & RowAnswer<Output>

/** A row that succeeded has its output; for any other it is the text that came, where any did. */
export type RowAnswer<Output> =
  | {
      readonly status: 'succeeded'
      /** Text, or a value: where there is a schema, the endpoint answers with JSON, or several answers were asked for (`n`). */
      readonly output: Output
    }
  | { readonly status: Exclude<OutcomeStatus, 'succeeded'> | 'pending'; readonly output: string | null }

/** What is known of a row besides its answer. */
export interface RowFacts<Row extends object> {
  /** The input row, as it was frozen. */
  readonly row: Row
  /** The user's id of the row, or its line number as text. */
  readonly id: string
  readonly error: string | null
  /** What had to be overlooked to read the answer as JSON; null for nothing. */
  readonly note: AnswerNote | null
  readonly finishReason: string | null
  /** Tokens of the answer; those of earlier ones stand with them. */
  readonly usage: Usage | null
  /**
   * US dollars, for all that the row was asked; null where the price or the usage is not known, 0 where it was bought for
   * an earlier row or by an earlier run.
   */
  readonly costUsd: number | null
  /** Who the answer was bought for; null while there is none. */
  readonly boughtFor: SettledResult['boughtFor'] | null
  /** The model that answered, as the provider names it. */
  readonly model: string | null
  /** How often it was asked. */
  readonly turns: number
  /** What else it was answered with, where it was asked several times. */
  readonly earlier: readonly EarlierAnswer[]
}

/** An answer in whose place the row was asked again, or what became of a question that brought none. */
export interface EarlierAnswer {
  readonly status: OutcomeStatus
  readonly output: string | null
  readonly error: string | null
  readonly usage: Usage | null
  readonly costUsd: number | null
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

function sourceOf(input: StartRunOptions<object>['input']): InputSource {
  if (typeof input === 'string') return { path: input }
  return isPaths(input) ? { paths: input } : { rows: input }
}

/** Rows are objects, so a list that begins with a text is one of paths. */
function isPaths(input: Exclude<StartRunOptions<object>['input'], string>): input is readonly string[] {
  return Array.isArray(input) && typeof input[0] === 'string'
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

/** What is frozen of a schema: the JSON Schema behind it. */
async function answerDefinition({
  jsonSchema,
  schema,
  strict: isStrict = true,
}: Pick<StartRunOptions<AnyRow, AnswerSchema | undefined>, 'schema' | 'jsonSchema' | 'strict'>): Promise<
  AnswerDefinition | undefined
> {
  if (schema === undefined) return undefined
  const given = jsonSchema ?? (isValidator(schema) ? await jsonSchemaOf(schema) : schema)
  return { schema: given, name: schemaName(given), isStrict }
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

function outputPlan(output: StartRunOptions['output']): OutputPlan {
  const given = typeof output === 'string' ? { path: output } : output
  const path = given === undefined ? null : resolve(given.path)
  const failedPath = typeof given?.failedPath === 'string' ? resolve(given.failedPath) : null
  const format = (path === null ? 'jsonl' : formatOf(path)) ?? 'jsonl'
  return { ...PLAIN_OUTPUT, format, ...given, path, failedPath }
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

type CostOf = ReturnType<typeof costOfResult>

/** The result of a row; of a row that succeeded, its output is of the type that the schema says. */
async function rowResult<Row extends object>(
  row: RowOutcome,
  cost: CostOf,
  validator: Validator | null,
): Promise<RowResult<Row, unknown>> {
  const { problem, result } = row
  const outcome = result?.outcome
  const facts: RowFacts<Row> = {
    row: JSON.parse(row.json) as Row,
    id: answerId(row),
    error: problem ? `${problem.code}: ${problem.detail}` : (outcome?.reason ?? null),
    note: result?.structured?.note ?? null,
    finishReason: outcome?.finishReason ?? null,
    usage: outcome?.usage ?? null,
    costUsd: result ? cost(result) : null,
    boughtFor: result?.boughtFor ?? null,
    model: outcome?.model ?? null,
    turns: result ? result.others.length + 1 : 0,
    earlier: result?.others.map((other) => earlierAnswer(other, cost)) ?? [],
  }
  if (!result || outcome?.status !== 'succeeded') {
    return { ...facts, status: outcome?.status ?? (problem ? 'failed' : 'pending'), output: outcome?.output ?? null }
  }
  if (result.structured === null) {
    const { isJson, output } = outcome
    return { ...facts, status: 'succeeded', output: isJson && output !== null ? JSON.parse(output) : output }
  }
  const { value } = result.structured
  if (validator === null) return { ...facts, status: 'succeeded', output: value }
  const validated = await validate(validator, value)
  if (validated.isValid) return { ...facts, status: 'succeeded', output: validated.value }
  return { ...facts, status: 'invalid', output: outcome.output, error: validated.message }
}

function earlierAnswer(other: OtherQuestion, cost: CostOf): EarlierAnswer {
  const { code, output, reason, status, usage } = other.outcome
  const error = [code, reason].filter((part) => part !== null).join(': ') || null
  return { status, output, error, usage, costUsd: cost(other) }
}

function judgeBy(validator: Validator): ValueJudge {
  const messageOf = (result: Validated<unknown>): string | null => (result.isValid ? null : result.message)
  return (value) => {
    const result = validate(validator, value)
    return result instanceof Promise ? result.then(messageOf) : messageOf(result)
  }
}
