import { resolve } from 'node:path'
import type { LimitOverrides } from '../config/settings.ts'
import { parseDeadline } from '../drive/deadline.ts'
import type { InputSource } from '../input/open.ts'
import type { AnswerDefinition, JsonSchema } from '../model/answer.ts'
import { LlmBatchError } from '../model/error.ts'
import type { RunEvent } from '../model/event.ts'
import type { OutcomeStatus } from '../model/outcome.ts'
import {
  type DeadlineWish,
  type InputFormat,
  type OutputPlan,
  PLAIN_OUTPUT,
  type Priority,
  type Tail,
} from '../model/run.ts'
import { formatOf } from '../output/format.ts'
import type { AskedOptions } from '../prepare/definition.ts'
import type { ChatMessage } from '../request/messages/message-json.ts'
import { schemaName } from '../schema/schema-name.ts'
import { isValidator, jsonSchemaOf } from '../schema/standard-schema.ts'
import type { AnswerSchema, AnyRow } from './library-result.ts'
import type { ToldReport } from './told.ts'
import type { WorkerNews } from './worker.ts'

/**
 * Options for the place of a run, its waits and the size of its batches; every field may also come from the environment
 * or the configuration file.
 */
export interface PlaceOptions extends BatchLimitOptions {
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

/** Limits of batches, for every provider and model, whatever the configuration says. */
export interface BatchLimitOptions extends Pick<LimitOverrides, 'maxRequests' | 'maxBytes' | 'maxOpenBatches'> {
  /** False estimates input tokens by bytes alone. @default as the configuration says, else true */
  readonly tokenCount?: boolean | undefined
}

/** Options for reading answers. */
export interface AnswerOptions<Schema extends AnswerSchema | undefined> {
  /**
   * Asked of the provider, and every answer is checked by it: what does not fit is `invalid`. A validator runs when
   * answers are collected by this process and whenever they are read; what it makes of a value is the output. Other
   * processes check by its JSON Schema. @default free text
   */
  readonly schema?: Schema
}

/** Options of `startRun`. */
export interface StartRunOptions<Row extends object = AnyRow, Schema extends AnswerSchema | undefined = undefined>
  extends PlaceOptions,
    AnswerOptions<Schema>,
    AskedOptions {
  /**
   * The path of a `.jsonl`, `.json`, `.csv`, `.tsv` or `.txt` file (each also with `.gz`), or of a `.parquet` file, a list of
   * paths that are read as one input, or rows.
   */
  readonly input: string | readonly string[] | Iterable<Row> | AsyncIterable<Row>
  /** How files are read. @default by the ending of their names */
  readonly inputFormat?: InputFormat | undefined
  /** What stands between the cells of CSV files. @default found out from the first lines */
  readonly delimiter?: string | undefined
  /** The encoding of text files, such as `windows-1252`. @default UTF-8 */
  readonly encoding?: string | undefined
  /** `provider/model`, such as `openai/gpt-6.1-terra`; may be absent for provider-ready lines. */
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

/** Options of `startOpenRun`: those of `startRun` but for what is said of an input that is there from the beginning. */
export interface OpenRunOptions<Row extends object = AnyRow, Schema extends AnswerSchema | undefined = undefined>
  extends Omit<StartRunOptions<Row, Schema>, (typeof INPUT_OPTIONS)[number] | 'name'> {
  /** Under which the run is known; the same name with the same options is the same run. */
  readonly name: string
}

/** Options of `startRun` that say something of an input, or of the same work. */
export const INPUT_OPTIONS = [
  'again',
  'delimiter',
  'encoding',
  'input',
  'inputFormat',
  'limit',
  'sample',
  'seed',
  'since',
] as const satisfies readonly (keyof StartRunOptions)[]

/** Options of `startWorker`. */
export interface StartWorkerOptions extends Omit<PlaceOptions, 'budget' | 'canary' | 'maxImageBytes'> {
  /** Runs that are worked on at once, besides those whose batches are waited for. @default 4 */
  readonly concurrency?: number | undefined
  /** Ends when no run is left that this worker can take further. @default false */
  readonly once?: boolean | undefined
  /** Stops the worker; what is under way is broken off where that is safe. */
  readonly signal?: AbortSignal | undefined
  /** Called when a run has come to something else, is left to others, or a round of it failed; the run waits for it. */
  readonly onNews?: ((news: ToldNews) => void | Promise<void>) | undefined
  /** Called with everything that happens to the runs while this worker has them in hand. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined
}

/** News of a worker, its reports with reasons in words. */
export type ToldNews = WorkerNews<ToldReport>

/** Options of `retry`. */
export interface RetryRunOptions {
  /**
   * Outcomes to send again, also where they were billed or may have been: naming one buys those rows again.
   * @default what failed, expired, was cancelled or is missing, and was certainly not billed
   */
  readonly status?: OutcomeStatus | readonly OutcomeStatus[] | undefined
  /** Another limit of tokens for each new answer. @default the one they had */
  readonly maxTokens?: number | undefined
  /** Sends although their model ends before its batches do, or is not taken in batches. @default false */
  readonly forceModel?: boolean | undefined
}

/** Options of driving a run. */
export interface FinishOptions {
  /** Stops the driving; nothing is cancelled at the provider, and calling again goes on. */
  readonly signal?: AbortSignal
  /**
   * A time from now such as `20h`, an instant, or null to take a deadline away. What is unfinished when it nears is
   * cancelled at the provider and harvested: the rows in question end as `cancelled`. @default as it was set before
   */
  readonly deadline?: string | Date | null
  /** Sends although a model ends before its batches do, or is not taken in batches. @default as at the start */
  readonly forceModel?: boolean
  /**
   * `direct`: what the deadline leaves over is asked in synchronous calls at the full price, once nothing of the run is at
   * the provider any more, until the deadline itself. Kept until the deadline is taken away. @default it stays cancelled
   */
  readonly tail?: Tail
  /** Goes on although most rows of a batch failed alike, now and later. @default false */
  readonly ignoreStopLoss?: boolean
  /**
   * Rank among runs of the home that wait for the same queue of a provider: those of a higher one go first, equals share it.
   * @default `normal`, or as it was set before
   */
  readonly priority?: Priority
}

export function sourceOf(input: StartRunOptions<object>['input']): InputSource {
  if (typeof input === 'string') return { path: input }
  return isPaths(input) ? { paths: input } : { rows: input }
}

/** Rows are objects, so a list that begins with a text is one of paths. */
function isPaths(input: Exclude<StartRunOptions<object>['input'], string>): input is readonly string[] {
  return Array.isArray(input) && typeof input[0] === 'string'
}

/** What is frozen of a schema: the JSON Schema behind it. */
export async function answerDefinition({
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

export function outputPlan(output: StartRunOptions['output']): OutputPlan {
  const given = typeof output === 'string' ? { path: output } : output
  const path = given === undefined ? null : resolve(given.path)
  const failedPath = typeof given?.failedPath === 'string' ? resolve(given.failedPath) : null
  const format = (path === null ? 'jsonl' : formatOf(path)) ?? 'jsonl'
  return { ...PLAIN_OUTPUT, format, ...given, path, failedPath }
}

export function deadlineWish(deadline: FinishOptions['deadline']): DeadlineWish | undefined {
  if (deadline === undefined) return undefined
  if (deadline === null) return 'none'
  if (deadline instanceof Date) return { at: deadline.getTime() }
  const wish = parseDeadline(deadline)
  if (wish !== undefined) return wish
  throw new LlmBatchError('usage', `the deadline ${JSON.stringify(deadline)} is neither a duration nor an instant`, {
    next: 'Write a duration such as 20h, or an instant such as 2026-11-24T08:00Z.',
  })
}
