import { nearestFolder } from '../lib/disk.ts'
import type { RunDefinition } from '../model/run.ts'
import { findCollisions, findTableFlaw, findUnknown } from '../output/fields.ts'
import { type JudgedModel } from '../plan/model-fitness.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import { judgeModels } from '../workspace/judged-models.ts'
import { type Site, withWorkspaceIfAny } from '../workspace/workspace.ts'
import { definitionOf, type NewRunOptions, type WorkHashes } from './definition.ts'
import { makeDraft } from './draft.ts'
import type { ProblemList } from './problem-list.ts'
import { countingSinks, hashingSinks, type RunSinks } from './run-sinks.ts'

/** Facts that `plan` shows: everything that is known before anything is sent. */
export interface PlannedRun {
  readonly definition: RunDefinition
  readonly summary: PlanSummary
  /** The models that its requests are for. */
  readonly models: readonly JudgedModel[]
  readonly review: PromptReview
  readonly problems: ProblemList
  /** Input columns that are named like ours. */
  readonly collisions: readonly string[]
  /** Columns that the user asked for and that do not exist. */
  readonly unknownColumns: readonly string[]
  /** Why a table of SQLite cannot hold the answers; null where it can, and where none is to. */
  readonly tableFlaw: string | null
  /** The body of the first request, as it would be sent; null where no row can be sent. */
  readonly firstBody: string | null
  /** Bytes free where the run would live. */
  readonly freeBytes: number
}

/**
 * Reads an input as `run` does and counts, without sending or storing any of it. Needs no key; where there is one, the
 * provider's list of models is asked, as it is before a run.
 */
export async function planRun(site: Site, options: NewRunOptions): Promise<PlannedRun> {
  return await planInto(site, options, countingSinks())
}

/** The same, with the hashes by which the run would be known. */
export async function planWork(
  site: Site,
  options: NewRunOptions,
): Promise<PlannedRun & { readonly work: WorkHashes }> {
  const sinks = hashingSinks()
  const planned = await planInto(site, options, sinks)
  return { ...planned, work: sinks.hashes() }
}

async function planInto(site: Site, options: NewRunOptions, sinks: RunSinks): Promise<PlannedRun> {
  const { disk } = site
  const definition = definitionOf(site, options)
  const provider = await site.describe(definition.provider)
  const openSinks = () => Promise.resolve(sinks)
  const draft = await withWorkspaceIfAny(site, (home) =>
    makeDraft({ site, home, provider }, definition, options, { openSinks }),
  )
  return {
    definition: draft.definition,
    summary: draft.estimate,
    models: await judgeModels(
      site,
      draft.estimate.targets.map(({ target }) => target),
      definition.timeoutHours,
    ),
    review: draft.review,
    problems: draft.frozen.problems,
    collisions: findCollisions(draft.fields),
    unknownColumns: findUnknown(draft.fields),
    tableFlaw: findTableFlaw(draft.fields) ?? null,
    firstBody: draft.frozen.firstBody,
    freeBytes: await disk.freeBytes(await nearestFolder(disk, site.localFolder)),
  }
}
