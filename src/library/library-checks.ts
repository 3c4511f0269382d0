import type { RetryOptions } from '../drive/retry.ts'
import { LlmBatchError } from '../model/error.ts'
import { OUTCOME_STATUSES, type OutcomeStatus } from '../model/outcome.ts'
import type { OutputPlan } from '../model/run.ts'
import { assertKnownOptions, type KnownOptions } from './known-options.ts'
import type { AnswerOptions, FinishOptions, PlaceOptions, RetryRunOptions, StartRunOptions } from './library-options.ts'

const PLACE_OPTIONS: KnownOptions<PlaceOptions & AnswerOptions<undefined>> = {
  home: 'text',
  config: 'text',
  pollInterval: 'text',
  budget: 'any',
  maxImageBytes: 'count',
  maxRequests: 'count',
  maxBytes: 'count',
  maxOpenBatches: 'count',
  tokenCount: 'boolean',
  canary: 'boolean',
  environment: 'any',
  schema: 'any',
}

const START_OPTIONS: KnownOptions<StartRunOptions> = {
  ...PLACE_OPTIONS,
  input: 'any',
  inputFormat: 'text',
  delimiter: 'text',
  encoding: 'text',
  model: 'text',
  provider: 'text',
  endpoint: 'text',
  prompt: 'any',
  textColumn: 'text',
  suffixColumn: 'text',
  system: 'text',
  messages: 'any',
  messagesColumn: 'text',
  imageColumns: 'any',
  imageDetail: 'text',
  maxTokens: 'count',
  temperature: 'number',
  parameters: 'any',
  timeoutHours: 'count',
  idColumn: 'text',
  skipInvalid: 'boolean',
  dedupe: 'boolean',
  since: 'text',
  limit: 'count',
  sample: 'count',
  seed: 'countOrZero',
  name: 'text',
  again: 'boolean',
  jsonSchema: 'any',
  strict: 'boolean',
  reask: 'any',
  output: 'any',
}

const BUDGET_OPTIONS: KnownOptions<NonNullable<PlaceOptions['budget']>> = { maxCostUsd: 'number' }
const OUTPUT_OPTIONS: KnownOptions<OutputPlan> = {
  path: 'text',
  format: 'text',
  prefix: 'text',
  excelSafe: 'boolean',
  force: 'boolean',
  columns: 'any',
  raw: 'boolean',
  failedPath: 'any',
}
const FINISH_OPTIONS: KnownOptions<FinishOptions> = { signal: 'any', deadline: 'any', ignoreStopLoss: 'boolean' }
const RETRY_OPTIONS: KnownOptions<RetryRunOptions> = { status: 'any', maxTokens: 'count' }

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

/** The same for `openRun`. */
export function checkOpenOptions(options: PlaceOptions): void {
  assertKnownOptions('openRun', options, PLACE_OPTIONS, placeOfFinishOption)
  if (options.budget !== undefined) assertKnownOptions('budget', options.budget, BUDGET_OPTIONS)
}

/** The same for what drives a run; `what` is the method. */
export function checkFinishOptions(what: string, options: FinishOptions): void {
  assertKnownOptions(what, options, FINISH_OPTIONS)
}

/** What `retry` gives back to be sent. Throws `usage` for a status that rows cannot be sent again for. */
export function retryOptions(options: RetryRunOptions): RetryOptions {
  assertKnownOptions('retry', options, RETRY_OPTIONS)
  const { maxTokens = null, status = [] } = options
  const statuses = typeof status === 'string' ? [status] : status
  const unfit = statuses.find((given) => !UNSUCCESSFUL.includes(given))
  if (unfit === undefined) return { statuses, maxTokens }
  throw new LlmBatchError('usage', `rows with the status ${JSON.stringify(unfit)} cannot be sent again`, {
    next: `Name some of ${UNSUCCESSFUL.join(', ')}.`,
  })
}

function placeOfFinishOption(name: string): string | undefined {
  return Object.hasOwn(FINISH_OPTIONS, name) ? 'Give it to finished(), submit() or tick().' : undefined
}
