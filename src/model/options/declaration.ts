import type { JsonSchema } from '../answer.ts'
import type { EndpointChoice } from '../endpoint.ts'
import type { OutcomeStatus } from '../outcome.ts'
import type { DeadlineWish, MessageTemplate } from '../run.ts'

/** The commands that take options of the table; the flags of one command alone stand with that command. */
export type OptionCommand =
  | 'run'
  | 'plan'
  | 'prompt'
  | 'try'
  | 'resume'
  | 'retry'
  | 'cancel'
  | 'tick'
  | 'worker'
  | 'results'
  | 'status'
  | 'compare'
  | 'runs'
  | 'remote'
  | 'serve'
  | 'gateway'
  | 'webhooks'
  | 'mcp'
  | 'ui'
  | 'doctor'
  | 'providers'
  | 'init'
  | 'completions'

/** The calls of the library that take options of the table; `finish` stands for `finished`, `submit` and `tick`. */
export type OptionCall = 'startRun' | 'openRun' | 'startWorker' | 'retry' | 'finish'

/** Headings that long help and the reference put options under, in their order. */
export const HEADINGS = {
  input: 'Input',
  prompt: 'Prompt',
  answers: 'Answers',
  output: 'Output',
  money: 'Money',
  limits: 'Limits and time',
  run: 'This run',
} as const

export type Heading = keyof typeof HEADINGS

/** Type of an option's value, by its kind; `choice` holds one of its `choices`. */
interface KindValues {
  readonly text: string
  /** The path of a file or folder; relative ones count from the working folder, in a job file from the file's folder. */
  readonly path: string
  /** A path, or the address of a server. */
  readonly place: string
  readonly texts: readonly string[]
  readonly columns: readonly string[]
  readonly flag: boolean
  /** On by itself; the flag turns it off and begins with `--no-`. */
  readonly off: boolean
  /** Neither on nor off by itself; a flag for each. */
  readonly onOff: boolean
  readonly count: number
  readonly countOrZero: number
  /** Zero or above. */
  readonly number: number
  readonly megabytes: number
  readonly dollars: number
  /** A text such as `30s`. */
  readonly duration: string
  readonly deadline: DeadlineWish
  /** A short name or a path. */
  readonly endpoint: EndpointChoice
  readonly delimiter: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly statuses: readonly OutcomeStatus[]
  /** The path of a JSON Schema; a job file can hold the schema itself. */
  readonly schema: string | JsonSchema
  readonly messages: readonly MessageTemplate[]
}

export type OptionKind = keyof KindValues | 'choice'

/** The library's check of a value that it is given. */
export type LibraryCheck = 'any' | 'text' | 'boolean' | 'number' | 'count' | 'countOrZero'

/** One option, declared once: its flag, key of job files, library option, help and reference follow from it. */
export interface OptionDeclaration {
  readonly kind: OptionKind
  /** What stands behind the flag, such as `<n>`; absent where nothing does. */
  readonly value?: string
  /** One letter, without its dash. */
  readonly short?: string
  readonly choices?: readonly string[]
  readonly heading: Heading
  /** What the option does, without its default, in the words of the command. */
  readonly help: string
  /** One line for the help that fits a screen. @default `help` with its default */
  readonly brief?: string
  /** What holds where the option is not given, in words. */
  readonly usual?: string
  /** Other words in a command where the option does something else. */
  readonly helpIn?: Readonly<Partial<Record<OptionCommand, string>>>
  /** What the flag that says no does, of kind `onOff`. */
  readonly offHelp?: string
  /** True where it is frozen with the run: another value makes another run. @default false */
  readonly definesRequests?: boolean
  readonly commands: readonly OptionCommand[]
  /** Commands whose short help shows it. @default none */
  readonly commonIn?: readonly OptionCommand[]
  /** Options that cannot be given beside it. */
  readonly conflicts?: readonly string[]
  /** Whether a job file can hold it; `only` where there is no flag for it. @default true for what `run` takes */
  readonly inJobs?: boolean | 'only'
  /** Where the configuration file says the same, such as `limits.maxRequests`; the option wins. @default nowhere */
  readonly configured?: string
  /** The environment variable that says the same; the option wins. @default none */
  readonly environment?: string
  /**
   * Whether the job that is kept with a run repeats it: `never` what belongs to one run, or is kept as it was read;
   * `same_input` how rows are chosen and read, which the run's own copy of them has done. @default always
   */
  readonly repeated?: 'never' | 'same_input'
  /** Where the library takes it. @default nowhere */
  readonly library?: {
    readonly calls: readonly OptionCall[]
    /** Where it is called otherwise, or lies in another option, such as `budget.maxCostUsd`. */
    readonly property?: string
    /** @default what the kind says */
    readonly check?: LibraryCheck
  }
}

/** The value of a declared option. */
type ValueOf<Declaration extends OptionDeclaration> = Declaration['kind'] extends keyof KindValues
  ? KindValues[Declaration['kind']]
  : Declaration extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : never

/** The values of declared options by their names; undefined where the user said nothing. */
export type ValuesOf<Declarations extends Readonly<Record<string, OptionDeclaration>>> = {
  readonly [Name in keyof Declarations]?: ValueOf<Declarations[Name]> | undefined
}

/** Commands that make a run, or show what it would be. */
export const MAKING = ['run', 'plan', 'prompt', 'try'] as const
/** Commands that make a run, with what becomes of its answers. */
export const PLANNING = ['run', 'plan'] as const
/** Commands that drive a run to its end. */
export const DRIVING = ['run', 'resume', 'retry'] as const
/** The calls of the library that take up a run. */
export const OPENING = ['startRun', 'openRun'] as const
/** The calls of the library that open a home. */
export const WORKING = [...OPENING, 'startWorker'] as const
