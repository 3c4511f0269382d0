import type { AnswerDefinition } from './answer.ts'

/**
 * The life of a run.
 *
 * - `preparing`: input is being read and frozen; a run found in this state without a writer is an unfinished draft.
 * - `ready`: frozen and planned, nothing was sent.
 * - `running`: batches are being sent, watched and collected.
 * - `open`: every row so far has its final record, and more may be appended.
 * - `paused`: stopped by a person, or sent without waiting; goes on with `resume` or `tick`.
 * - `held`: nothing can go on until a person decides; the reason is recorded.
 * - `cancelling`: the user or the deadline cancelled; remote batches are being cancelled and harvested. Goes on to `running`
 *   where the rest is then asked directly.
 * - `completed`: every row has its final record. Final.
 * - `cancelled`: as `completed`, after a cancellation. Final, but `retry` may open it again.
 */
export const RUN_STATES = [
  'preparing',
  'ready',
  'running',
  'open',
  'paused',
  'held',
  'cancelling',
  'completed',
  'cancelled',
] as const

export type RunState = (typeof RUN_STATES)[number]

/** The one table of allowed moves of a run. */
export const RUN_MOVES: Readonly<Record<RunState, readonly RunState[]>> = {
  preparing: ['ready', 'open'],
  ready: ['running', 'cancelling', 'held'],
  running: ['running', 'open', 'paused', 'held', 'cancelling', 'completed'],
  open: ['running', 'paused', 'held', 'cancelling'],
  paused: ['running', 'cancelling', 'held'],
  held: ['running', 'cancelling', 'held'],
  cancelling: ['cancelling', 'running', 'cancelled', 'held'],
  completed: ['running'],
  cancelled: ['running'],
}

/** True when every row of the run has its final record. */
export function isFinished(state: RunState): boolean {
  return state === 'completed' || state === 'cancelled'
}

/** True where nothing of the run is on its way or waits to be sent: it is finished, or open for more rows. */
export function isAtRest(state: RunState): boolean {
  return isFinished(state) || state === 'open'
}

/** Formats that input files can have. */
export const INPUT_FORMATS = ['jsonl', 'csv', 'parquet', 'text'] as const

export type InputFormat = (typeof INPUT_FORMATS)[number]

/** How the rows of the input are read as requests: one shape for the whole file. */
export const INPUT_SHAPES = ['records', 'chat', 'provider'] as const

export type InputShape = (typeof INPUT_SHAPES)[number]

/**
 * Definition of the requests of a run: frozen when it is prepared and never changed by a resume. Stored as JSON,
 * therefore versioned.
 */
export interface RunDefinition {
  readonly version: 1
  readonly provider: string
  /** The API root with its version path, such as `https://api.openai.com/v1`; a resume elsewhere is refused. */
  readonly baseUrl: string
  /** Set where the command itself executes the batches, by the server of models at `baseUrl`. @default a provider does */
  readonly local?: LocalModel
  /** Null where provider-ready lines carry their own models. */
  readonly model: string | null
  readonly shape: InputShape
  /** The path that requests go to; null where none was chosen: chat, or what each provider-ready line names. */
  readonly endpoint: string | null
  /** The column that is sent as it is, at endpoints that take a text in place of messages. */
  readonly textColumn: string | null
  /** The column with what follows the gap that is to be filled. */
  readonly suffixColumn: string | null
  /** True where the text column holds lists of texts: several inputs a request, answered with a list. */
  readonly hasTextLists: boolean
  /** The files of the input in their order, for people; `-` for standard input, null for rows from memory. */
  readonly inputPaths: readonly string[] | null
  /** The template, or null where a function made the prompts or the rows carry them. */
  readonly prompt: string | null
  readonly system: string | null
  /** Turns of the conversation before the prompt, as templates; null where there are none. */
  readonly messages: readonly MessageTemplate[] | null
  /** The column that holds a conversation, which goes before the last turn. */
  readonly messagesColumn: string | null
  /** The columns that name images, which go with the last turn of the user. */
  readonly imageColumns: readonly string[]
  readonly imageDetail: ImageDetail | null
  readonly maxTokens: number | null
  readonly temperature: number | null
  /** Further body fields by name. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Hours until the provider gives up on a batch, where that can be chosen (Mistral); null for its default. */
  readonly timeoutHours: number | null
  readonly idColumn: string | null
  readonly skipInvalid: boolean
  /** Whether identical requests are sent once; null: where the answer is meant to be the same. */
  readonly dedupe: boolean | null
  /** True where one request of each shared beginning is sent first, and the others read it from the provider's cache. */
  readonly primeCache: boolean
  /** What every answer must look like; null for free text. */
  readonly answer: AnswerDefinition | null
  /** How often a row whose answer does not fit is asked again, with what was wrong; 0 for never. */
  readonly maxReasks: number
}

/** Manner in which the command itself has a server of models execute the batches of a run. */
export interface LocalModel {
  /**
   * True where the server wants a key. Which variable holds it is not kept: a home from someone else must not choose the key
   * that is sent to its address.
   */
  readonly hasKey: boolean
  /** Requests that are on their way at once. */
  readonly concurrency: number
  /** Time for one request. */
  readonly rowTimeoutMs: number
}

/** The input as reports tell it: its path, its paths where there are several, null for rows from memory. */
export function inputOf({ inputPaths }: Pick<RunDefinition, 'inputPaths'>): string | readonly string[] | null {
  return inputPaths?.length === 1 ? (inputPaths[0] ?? null) : inputPaths
}

/** Answers that a run took over from an earlier one when it was made. */
export interface CarriedOver {
  /** The id of that run, which may be gone by now. */
  readonly from: string
  /** Rows that were answered there; rows that share their requests are not among them. */
  readonly rows: number
  /** US dollars that these answers were bought for; null where that is not known. No part of what this run cost. */
  readonly costUsd: number | null
}

/** One turn of a conversation; its content is filled from each row. */
export interface MessageTemplate {
  readonly role: MessageRole
  readonly content: string
}

/** Whose turn a message of a conversation can be, where templates make it. */
export const MESSAGE_ROLES = ['system', 'developer', 'user', 'assistant'] as const

export type MessageRole = (typeof MESSAGE_ROLES)[number]

/** How closely a model looks at images; more costs more. */
export const IMAGE_DETAILS = ['low', 'high', 'auto'] as const

export type ImageDetail = (typeof IMAGE_DETAILS)[number]

/** When a run should be done, as a person says it: a time from now, an instant in epoch milliseconds, or no matter when. */
export type DeadlineWish = { readonly afterMs: number } | { readonly at: number } | 'none'

/** Until when a run should be done. Instants are epoch milliseconds. */
export interface Deadline {
  readonly at: number
  /** From then on nothing more is sent, and what is unfinished is cancelled, so that it can be harvested in time. */
  readonly windUpAt: number
  /** How the rest is asked once all of that is settled; null where it is not. */
  readonly tail: Tail | null
}

/** Ways to ask what a deadline has left over. */
export const TAILS = ['direct'] as const

/** Way in which the rest is asked, dearer than in batches. */
export type Tail = (typeof TAILS)[number]

/**
 * What can be done about a create of which it cannot be known whether it made a batch: hold it for a person, send its
 * requests again, which may pay twice, or count them as missing.
 */
export const UNKNOWN_CREATE_CHOICES = ['hold', 'resend', 'give-up'] as const

export type UnknownCreateChoice = (typeof UNKNOWN_CREATE_CHOICES)[number]

/** Ranks of runs, the last one first where their batches wait for the same room at a provider. */
export const PRIORITIES = ['low', 'normal', 'high'] as const

/** Rank of a run among those that wait for the same room. */
export type Priority = (typeof PRIORITIES)[number]

/** The reason why a run is cancelled. */
export type CancelCause = 'user' | 'deadline'

/** Formats an answers file can have. */
export const OUTPUT_FORMATS = ['jsonl', 'json', 'csv', 'tsv', 'parquet', 'sqlite', 'provider'] as const

export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Place and form of the answers when the run finishes; may be changed by a later command. */
export interface OutputPlan {
  /** An absolute path, `-` for standard output, or null where answers are only read through the library. */
  readonly path: string | null
  readonly format: OutputFormat
  /** What our columns begin with. @default 'llm_' */
  readonly prefix: string
  /** Neutralises formulas in model-written CSV cells. */
  readonly excelSafe: boolean
  /** Replace an existing file. */
  readonly force: boolean
  /**
   * The columns that are kept, in this order: those of the input, and ours where at least one is named; null for all.
   * Without one of ours in it, all of ours follow.
   */
  readonly columns: readonly string[] | null
  /** Keep what the provider wrote in a column of its own. */
  readonly raw: boolean
  /** The table that holds the answers in a SQLite file. @default 'answers' */
  readonly tableName: string
  /** An absolute path where the rows that did not succeed are written once more; null for nowhere. */
  readonly failedPath: string | null
}

/** An output without wishes. */
export const PLAIN_OUTPUT: Omit<OutputPlan, 'path'> = {
  format: 'jsonl',
  prefix: 'llm_',
  excelSafe: false,
  force: false,
  columns: null,
  raw: false,
  tableName: 'answers',
  failedPath: null,
}
