/**
 * The life of a run.
 *
 * - `preparing`: input is being read and frozen; a run found in this state without a writer is an unfinished draft.
 * - `ready`: frozen and planned, nothing was sent.
 * - `running`: batches are being sent, watched and collected.
 * - `paused`: stopped by a person, or by `--no-wait`; goes on with `resume` or `tick`.
 * - `held`: nothing can go on until a person decides; the reason is recorded.
 * - `cancelling`: the user cancelled; remote batches are being cancelled and harvested.
 * - `completed`: every row has its final record. Final.
 * - `cancelled`: as `completed`, after a cancellation. Final, but `retry` may open it again.
 */
export const RUN_STATES = [
  'preparing',
  'ready',
  'running',
  'paused',
  'held',
  'cancelling',
  'completed',
  'cancelled',
] as const

export type RunState = (typeof RUN_STATES)[number]

/** The one table of allowed moves of a run. */
export const RUN_MOVES: Readonly<Record<RunState, readonly RunState[]>> = {
  preparing: ['ready'],
  ready: ['running', 'cancelling', 'held'],
  running: ['running', 'paused', 'held', 'cancelling', 'completed'],
  paused: ['running', 'cancelling', 'held'],
  held: ['running', 'cancelling', 'held'],
  cancelling: ['cancelling', 'cancelled', 'held'],
  completed: ['running'],
  cancelled: ['running'],
}

/** True when every row of the run has its final record. */
export function isFinished(state: RunState): boolean {
  return state === 'completed' || state === 'cancelled'
}

/** How the rows of the input are read as requests: one shape for the whole file. */
export const INPUT_SHAPES = ['records', 'chat', 'provider'] as const

export type InputShape = (typeof INPUT_SHAPES)[number]

/**
 * What defines the requests of a run: frozen when it is prepared and never changed by a resume. Stored as JSON,
 * therefore versioned.
 */
export interface RunDefinition {
  readonly version: 1
  readonly provider: string
  /** The API root with its version path, such as `https://api.openai.com/v1`; a resume elsewhere is refused. */
  readonly baseUrl: string
  /** Null where provider-ready lines carry their own models. */
  readonly model: string | null
  readonly shape: InputShape
  /** Where the input came from, for people; `-` for standard input, null for rows from memory. */
  readonly inputPath: string | null
  /** The template, or null where a function made the prompts or the rows carry them. */
  readonly prompt: string | null
  readonly system: string | null
  readonly maxTokens: number | null
  readonly temperature: number | null
  /** Further body fields by name, as given with `--param`. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Hours until the provider gives up on a batch, where that can be chosen (Mistral); null for its default. */
  readonly timeoutHours: number | null
  readonly idColumn: string | null
  readonly skipInvalid: boolean
  /** Whether identical requests are sent once; null: where the answer is meant to be the same. */
  readonly dedupe: boolean | null
}

/** A definition as it was stored; runs of older versions lack what came later, and were made as if it said this. */
export function completeDefinition(stored: RunDefinition): RunDefinition {
  return { ...DEFAULTS, ...stored }
}

const DEFAULTS = { dedupe: false } as const satisfies Partial<RunDefinition>

/** What a run took over from an earlier one when it was made. */
export interface CarriedOver {
  /** The id of that run, which may be gone by now. */
  readonly from: string
  /** Rows that were answered there; rows that share their requests are not among them. */
  readonly rows: number
  /** US dollars that these answers were bought for; null where that is not known. No part of what this run cost. */
  readonly costUsd: number | null
}

/** When a run should be done, as a person says it: a time from now, an instant in epoch milliseconds, or no matter when. */
export type DeadlineWish = { readonly afterMs: number } | { readonly at: number } | 'none'

/** Until when a run should be done. Instants are epoch milliseconds. */
export interface Deadline {
  readonly at: number
  /** From then on nothing more is sent, and what is unfinished is cancelled, so that it can be harvested in time. */
  readonly windUpAt: number
}

/** Who wanted a run to be cancelled. */
export type CancelCause = 'user' | 'deadline'

/** Formats an answers file can have. */
export const OUTPUT_FORMATS = ['jsonl', 'csv', 'provider'] as const

export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Where and how the answers are written when the run finishes; may be changed by a later command. */
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
}
