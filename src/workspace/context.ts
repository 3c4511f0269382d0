import pLimit, { type LimitFunction } from 'p-limit'
import type { ResultLimits } from '../collect/ports.ts'
import type { Configuration } from '../config/configuration.ts'
import type { Clock } from '../lib/clock.ts'
import type { Disk } from '../lib/disk.ts'
import type { Random } from '../lib/random.ts'
import { LlmBatchError } from '../model/error.ts'
import type { Emit } from '../model/event.ts'
import { commandLine } from '../model/options/mention.ts'
import type { DeadlineWish, Priority, Tail, UnknownCreateChoice } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { TokenCounters } from '../plan/tokens.ts'
import type { Price } from '../prices/price.ts'
import type { Provider } from '../providers/provider.ts'
import { findProvider } from '../providers/registry.ts'
import { type AnswerCheck, createAnswerCheck, type ValueJudge } from '../schema/check-answer.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunFolder } from '../store/run-folder.ts'
import type { RunStore, Store } from '../store/store.ts'
import type { QueueLimits } from '../submit/admission.ts'
import type { Budget } from '../submit/budget.ts'
import { accountOf } from './account.ts'
import { budgetOf } from './budget.ts'
import { inputCostText } from './cost-at-risk.ts'
import { queueLimitsOf } from './queue-limits.ts'
import { resultLimitsOf } from './result-limits.ts'
import type { Workspace } from './workspace.ts'

/** Settings of a run from the command line or the library, beyond the configuration. */
export interface Steering {
  /** What to do with a create whose fate cannot be decided. @default 'hold' */
  readonly onUnknownCreate?: UnknownCreateChoice | undefined
  /** Sends the work although the provider has a batch of the same that no run here knows. @default false */
  readonly again?: boolean | undefined
  /** Sends although a model ends before its batches do, or is not taken in batches. @default false */
  readonly forceModel?: boolean | undefined
  /** Failures that look alike do not stop the run, now and later. @default false */
  readonly ignoreStopLoss?: boolean | undefined
  /** Until when the run should be done. @default as it was set before */
  readonly deadline?: DeadlineWish | undefined
  /** How what the deadline leaves over is asked. @default as it was set with the deadline */
  readonly tail?: Tail | undefined
  /** Rank of the run among those that wait for the same queue. @default as it was set before */
  readonly priority?: Priority | undefined
  /** The user's own judge of answers that fit the schema, where this process has one. @default none */
  readonly judgeValue?: ValueJudge | undefined
}

/** Everything the stages need to work on one run, in one place; each stage names the part it uses. */
export interface RunContext {
  readonly store: RunStore
  readonly provider: Provider
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly settings: Configuration['settings']
  readonly folder: RunFolder
  readonly reading: LimitFunction
  readonly windowHours: number | null
  readonly account: string
  readonly onUnknownCreate: UnknownCreateChoice
  readonly costAtRisk: (attempt: AttemptRecord) => string
  /** What any run of this home knows to be its own at a provider. */
  readonly knownRemotes: Store['knownRemotes']
  /** True where the user buys the same work once more, although it was bought before. */
  readonly again: boolean
  readonly counters: TokenCounters
  readonly queueLimitsOf: (target: Target) => QueueLimits
  readonly resultLimitsOf: (attempt: AttemptRecord) => ResultLimits
  readonly budget: Budget
  readonly priceOf: (target: Target) => Price | null
  /** Checks answers where the run has a schema; null where any text is one. */
  readonly checkAnswer: AnswerCheck | null
  /** How often a row is asked again whose answer does not fit. */
  readonly maxReasks: number
  readonly emit: Emit
  /** Counts a look at a batch of a target. */
  readonly noteLook: (target: Target) => void
}

/** What only the command itself executes would wait for ever in another process. */
function assertServed({ isServingLocal = false }: Workspace, { definition, id }: RunRecord): void {
  if (definition.local === undefined || isServingLocal) return
  const message = `run ${id} asks the model server at ${definition.baseUrl}, which only a command of its own does`
  throw new LlmBatchError('usage', message, { next: `Go on with: ${commandLine('resume', id)}` })
}

/** Binds a run to its provider, home and settings. Throws `configuration` where the key is missing. */
export async function runContext(
  workspace: Workspace,
  store: RunStore,
  emit: Emit,
  steering: Steering & { readonly noteLook?: RunContext['noteLook'] } = {},
): Promise<RunContext> {
  const { clock, configuration, disk, random } = workspace
  const run = await store.record()
  const { definition } = run
  assertServed(workspace, run)
  const budget = budgetOf(workspace, run)
  const entry = findProvider(definition.provider)
  const credentials = configuration.credentialsFor(entry)
  const provider = await workspace.connect(entry.name)
  return {
    store,
    provider,
    disk,
    clock,
    random,
    settings: configuration.settings,
    folder: workspace.folderOf(store.id),
    reading: pLimit(1),
    windowHours: definition.timeoutHours,
    account: accountOf(store.id, credentials, entry, workspace.environment),
    onUnknownCreate: steering.onUnknownCreate ?? 'hold',
    costAtRisk: (attempt) => inputCostText(attempt, configuration.prices),
    knownRemotes: () => workspace.store.knownRemotes(),
    again: steering.again ?? false,
    counters: new TokenCounters(configuration.settings.isCountingTokens),
    queueLimitsOf: (target) => queueLimitsOf(configuration.settings, target, provider.limits(target)),
    resultLimitsOf: (attempt) => resultLimitsOf(configuration.settings, attempt, provider.limits(attempt.target)),
    budget,
    priceOf: budget.priceOf,
    checkAnswer: definition.answer && (await createAnswerCheck(definition.answer, steering.judgeValue)),
    maxReasks: definition.maxReasks,
    emit,
    noteLook: steering.noteLook ?? (() => undefined),
  }
}
