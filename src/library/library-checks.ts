import type { RetryOptions } from '../drive/retry.ts'
import { LlmBatchError } from '../model/error.ts'
import type { LibraryCheck, OptionCall, OptionKind } from '../model/options/declaration.ts'
import { OPTION_NAMES, OPTIONS, type PropertyOf, propertyOf } from '../model/options/options.ts'
import { OUTCOME_STATUSES, type OutcomeStatus } from '../model/outcome.ts'
import type { OutputPlan } from '../model/run.ts'
import { assertKnownOptions, type KnownOptions } from './known-options.ts'
import {
  type AnswerOptions,
  type FinishOptions,
  INPUT_OPTIONS,
  type OpenRunOptions,
  type PlaceOptions,
  type RetryRunOptions,
  type StartRunOptions,
  type StartWorkerOptions,
} from './library-options.ts'

/** The properties of a call itself, without those that lie in another option. */
type OwnProperty<Call extends OptionCall> = Exclude<PropertyOf<Call>, `${string}.${string}`>

/** The properties that lie in the option `Outer`. */
type InnerProperty<Outer extends string> =
  PropertyOf<'startRun'> extends infer Property ? (Property extends `${Outer}.${infer Inner}` ? Inner : never) : never

/** How each kind of option is checked where its declaration says nothing. */
const CHECKS: Readonly<Partial<Record<OptionKind, LibraryCheck>>> = {
  text: 'text',
  path: 'text',
  place: 'text',
  choice: 'text',
  duration: 'text',
  delimiter: 'text',
  endpoint: 'text',
  flag: 'boolean',
  off: 'boolean',
  onOff: 'boolean',
  count: 'count',
  countOrZero: 'countOrZero',
  number: 'number',
}

const PLACE_OPTIONS: KnownOptions<PlaceOptions & AnswerOptions<undefined>> = {
  ...declaredOf('openRun'),
  budget: 'any',
  environment: 'any',
}
const START_OPTIONS: KnownOptions<StartRunOptions> = {
  ...PLACE_OPTIONS,
  ...declaredOf('startRun'),
  input: 'any',
  jsonSchema: 'any',
}
const OPEN_RUN_OPTIONS: KnownOptions<OpenRunOptions> = withoutInput(START_OPTIONS)
const BUDGET_OPTIONS: KnownOptions<NonNullable<PlaceOptions['budget']>> = declaredIn('budget')
const OUTPUT_OPTIONS: KnownOptions<OutputPlan> = { ...declaredIn('output'), path: 'text' }
const FINISH_OPTIONS: KnownOptions<FinishOptions> = { ...declaredOf('finish'), signal: 'any' }
const WORKER_OPTIONS: KnownOptions<StartWorkerOptions> = {
  ...declaredOf('startWorker'),
  concurrency: 'count',
  environment: 'any',
  once: 'boolean',
  onEvent: 'any',
  onNews: 'any',
  signal: 'any',
}
const RETRY_OPTIONS: KnownOptions<RetryRunOptions> = declaredOf('retry')

/** Rows that come later have no file, and no part of them is chosen. */
function withoutInput(options: KnownOptions<StartRunOptions>): KnownOptions<OpenRunOptions> {
  const ofInput = new Set<string>(INPUT_OPTIONS)
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ofInput.has(name))) as typeof options
}

/** What the table says of a call's own options. */
function declaredOf<Call extends OptionCall>(call: Call): Readonly<Record<OwnProperty<Call>, LibraryCheck>> {
  const own = declared(call, (property) => (property.includes('.') ? undefined : property))
  return own as Readonly<Record<OwnProperty<Call>, LibraryCheck>>
}

/** The same of options that lie in another one. */
function declaredIn<Outer extends 'budget' | 'output'>(
  outer: Outer,
): Readonly<Record<InnerProperty<Outer>, LibraryCheck>> {
  const inner = declared('startRun', (property) =>
    property.startsWith(`${outer}.`) ? property.slice(outer.length + 1) : undefined,
  )
  return inner as Readonly<Record<InnerProperty<Outer>, LibraryCheck>>
}

function declared(call: OptionCall, keyOf: (property: string) => string | undefined): Record<string, LibraryCheck> {
  const checks: Record<string, LibraryCheck> = {}
  for (const name of OPTION_NAMES) {
    const { kind, library } = OPTIONS[name]
    const key = keyOf(propertyOf(name) ?? name)
    if (key !== undefined && library?.calls.includes(call)) checks[key] = library.check ?? CHECKS[kind] ?? 'any'
  }
  return checks
}

/** What may be named to be sent again. */
const UNSUCCESSFUL: readonly OutcomeStatus[] = OUTCOME_STATUSES.filter((status) => status !== 'succeeded')

/**
 * Throws `usage` for an option of `startRun` that does not exist or holds something else, also within `budget` and
 * `output`, and where there is no input.
 */
export function checkStartOptions(options: Pick<StartRunOptions<object>, 'budget' | 'input' | 'output'>): void {
  assertKnownOptions('startRun', options, START_OPTIONS, placeOfFinishOption)
  const { budget, input, output } = options
  if (input === undefined || input === null) {
    throw new LlmBatchError('usage', 'startRun was called without input', { next: 'Give a path, paths, or rows.' })
  }
  if (budget !== undefined) assertKnownOptions('budget', budget, BUDGET_OPTIONS)
  if (output !== undefined && typeof output !== 'string') assertKnownOptions('output', output, OUTPUT_OPTIONS)
}

/** The same for `startOpenRun`, which takes its rows later, and needs a name. */
export function checkOpenRunOptions(options: Pick<OpenRunOptions<object>, 'budget' | 'name' | 'output'>): void {
  assertKnownOptions('startOpenRun', options, OPEN_RUN_OPTIONS, placeOfRunOption)
  const { budget, name, output } = options
  if (name === undefined || name === '') {
    throw new LlmBatchError('usage', 'startOpenRun was called without a name, by which the run is known', {
      next: 'Give it one.',
    })
  }
  if (budget !== undefined) assertKnownOptions('budget', budget, BUDGET_OPTIONS)
  if (output !== undefined && typeof output !== 'string') assertKnownOptions('output', output, OUTPUT_OPTIONS)
}

/** The same for `openRun`. */
export function checkOpenOptions(options: PlaceOptions): void {
  assertKnownOptions('openRun', options, PLACE_OPTIONS, placeOfFinishOption)
  if (options.budget !== undefined) assertKnownOptions('budget', options.budget, BUDGET_OPTIONS)
}

/** The same for `startWorker`. */
export function checkWorkerOptions(options: StartWorkerOptions): void {
  assertKnownOptions('startWorker', options, WORKER_OPTIONS)
}

/** The same for what drives a run; `what` is the method. */
export function checkFinishOptions(what: string, options: FinishOptions): void {
  assertKnownOptions(what, options, FINISH_OPTIONS)
}

/** What `retry` gives back to be sent. Throws `usage` for a status that rows cannot be sent again for. */
export function retryOptions(options: RetryRunOptions): RetryOptions {
  assertKnownOptions('retry', options, RETRY_OPTIONS)
  const { forceModel, maxTokens = null, status = [] } = options
  const statuses = typeof status === 'string' ? [status] : status
  const unfit = statuses.find((given) => !UNSUCCESSFUL.includes(given))
  if (unfit === undefined) return { statuses, maxTokens, forceModel }
  throw new LlmBatchError('usage', `rows with the status ${JSON.stringify(unfit)} cannot be sent again`, {
    next: `Name some of ${UNSUCCESSFUL.join(', ')}.`,
  })
}

function placeOfRunOption(name: string): string | undefined {
  return name === 'input' ? 'Give rows to appendRows().' : placeOfFinishOption(name)
}

function placeOfFinishOption(name: string): string | undefined {
  return Object.hasOwn(FINISH_OPTIONS, name) ? 'Give it to finished(), submit() or tick().' : undefined
}
