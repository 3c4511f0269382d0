import type { CarriedOver, OutputPlan, RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import type { FieldOptions } from '../output/fields.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { TokenCounters } from '../plan/tokens.ts'
import type { Provider } from '../providers/provider.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import type { TokenMethod } from '../store/port/batch.ts'
import { fieldOptions } from '../workspace/answer-fields.ts'
import type { Site, Workspace } from '../workspace/workspace.ts'
import { type Carry, type CarryHome, openCarry } from './carry.ts'
import type { NewRunOptions } from './definition.ts'
import { estimateRun } from './estimate.ts'
import { withoutEarlierColumns } from './failed-input.ts'
import { type Frozen, freeze, type RowsBefore } from './freeze.ts'
import { tellOrigins } from './origins.ts'
import { type PreparedInput, prepareInput } from './prepare.ts'
import type { RunSinks } from './run-sinks.ts'

/** Ports of a draft: a home that may not exist yet. */
export interface DraftPorts {
  readonly site: Site
  readonly home: Pick<Workspace, 'folderOf' | 'store'> | null
  readonly provider: Provider
}

/** Everything about an input before anything is sent: everything that is known before anything is sent. */
export interface Draft {
  readonly definition: RunDefinition
  readonly frozen: Frozen
  /** Where the answers go, and which columns of the input are kept there. */
  readonly output: OutputPlan
  readonly fields: FieldOptions
  readonly carry: Carry | null
  readonly carried: CarriedOver | null
  readonly estimate: PlanSummary
  readonly review: PromptReview
}

/** Choices in which drafts differ. */
export interface DraftChoices {
  /** Opens what the input is frozen into. */
  readonly openSinks: (definition: RunDefinition) => Promise<RunSinks>
  /** Identical requests are counted among so many, for a hint. @default all, which takes more memory */
  readonly mostCounted?: number
  /** What the run holds already. @default nothing */
  readonly before?: RowsBefore
}

/**
 * Reads an input, makes its requests, finds the answers that need not be bought, freezes it all into sinks, and estimates
 * it. `plan` shows what `run` goes on with. What is wrong with rows or columns is told, not thrown.
 */
export async function makeDraft(
  ports: DraftPorts,
  definition: Omit<RunDefinition, 'shape'>,
  options: NewRunOptions,
  choices: DraftChoices,
): Promise<Draft> {
  const { provider, site } = ports
  const { disk } = site
  const { settings } = site.configuration
  const input = await prepareInput({ ...options, definition, input: { ...options.input, disk }, provider, settings })
  return await draftOf(ports, input, options, choices)
}

/** The same of an input that is opened already. */
export async function draftOf(
  { home, provider, site }: DraftPorts,
  input: PreparedInput,
  options: Pick<NewRunOptions, 'output' | 'since'>,
  { before, mostCounted, openSinks }: DraftChoices,
): Promise<Draft> {
  const { clock, configuration } = site
  const { settings } = configuration
  const { definition } = input
  const { baseUrl, dedupe, maxReasks, maxTokens } = definition
  const carry = options.since === undefined ? null : await openCarry(site, home ?? NO_RUNS, definition, options.since)
  const told = tellOrigins(input, {
    dedupe,
    carry,
    isCounting: true,
    firstRequest: before?.requestCount,
    ...(mostCounted !== undefined && { mostCounted }),
  })
  const ports = { clock, provider, settings, counters: new TokenCounters(settings.isCountingTokens) }
  const store = home && {
    queueBelief: (target: Target) => home.store.queueBelief(baseUrl, target),
    tokenRate: (target: Target, method: TokenMethod) => home.store.tokenRate(baseUrl, target, method),
  }
  const frozen = await freeze(
    { ...ports, store, prefix: options.output.prefix, before },
    { ...told, definition },
    await openSinks(input.definition),
  )
  const {
    columns,
    cuts,
    emptyPlaceholders,
    hasAnswered,
    invalidCount: problems,
    prefixes,
    rowBytes,
    rowCount: rows,
    tally,
  } = frozen
  // Rows that an earlier run has written as failed come without what it said of them.
  const output = hasAnswered ? options.output : withoutEarlierColumns(options.output, columns)
  const sharing = { tally: told.tally, from: carry?.run.id ?? null, isCounting: true }
  const counts = { rows, problems, emptyPlaceholders, rowBytes, maxReasks, maxTokens, sharing }
  const estimate = await estimateRun(
    { clock, configuration, provider, home: home?.store ?? null, baseUrl },
    { counts, cuts, tally, prefixes, isPriming: definition.primeCache },
  )
  return {
    definition: input.definition,
    frozen,
    output,
    fields: fieldOptions(output, input.definition, frozen),
    carry,
    carried: estimate.sharing.carried,
    estimate,
    review: input.review,
  }
}

/** A home that was not made yet. */
const NO_RUNS: CarryHome = {
  store: {
    listRuns: () => Promise.resolve([]),
    read: noRun,
  },
  folderOf: noRun,
}

function noRun(id: string): never {
  throw new Error(`there is no run ${id}`)
}
