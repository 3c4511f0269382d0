import { nearestFolder } from '../lib/disk.ts'
import type { RunDefinition } from '../model/run.ts'
import { findCollisions } from '../output/answer-columns.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { RequestTally } from '../plan/tally.ts'
import { estimateRun, withStoreIfAny } from './estimate.ts'
import { planCuts } from './plan-cuts.ts'
import { type PreparedRow, prepareInput } from './prepare.ts'
import { ProblemList } from './problem-list.ts'
import { definitionOf, type NewRunOptions } from './start.ts'
import type { Place } from './workspace.ts'

/** What `plan` shows: everything that is known before anything is sent. */
export interface PlannedRun {
  readonly definition: RunDefinition
  readonly summary: PlanSummary
  readonly problems: ProblemList
  /** Input columns that are named like ours. */
  readonly collisions: readonly string[]
  /** The body of the first request, as it would be sent; null where no row can be sent. */
  readonly firstBody: string | null
  /** Bytes free where the run would live. */
  readonly freeBytes: number
}

/** Reads an input as `run` would and counts, without sending or storing anything. Needs no key. */
export async function planRun(place: Place, options: NewRunOptions): Promise<PlannedRun> {
  const { clock, configuration, disk } = place
  const definition = definitionOf(place, options)
  const { baseUrl } = definition
  const provider = place.describe(definition.provider)
  const settings = configuration.settings
  const input = await prepareInput({ ...options, definition, input: { ...options.input, disk }, provider, settings })
  const counter = new RowCounter()
  const tally = new RequestTally()
  const summary = await withStoreIfAny(place, async (home) => {
    const cuts = await planCuts({ clock, provider, settings, home, baseUrl }, input, (row) => {
      counter.add(row)
      if (row.request) tally.add(row.request.target, row.request.body, row.request.mostOutputTokens)
    })
    const counts = { ...counter.counts(), maxTokens: definition.maxTokens }
    return await estimateRun({ clock, configuration, provider, home, baseUrl }, { counts, cuts, tally })
  })
  return {
    definition: { ...definition, shape: input.shape },
    summary,
    problems: counter.problems,
    collisions: findCollisions([...counter.columns], options.output.prefix),
    firstBody: counter.firstBody,
    freeBytes: await disk.freeBytes(await nearestFolder(disk, place.home)),
  }
}

class RowCounter {
  readonly problems = new ProblemList()
  readonly columns = new Set<string>()
  firstBody: string | null = null
  #rows = 0
  #invalid = 0
  #emptyPlaceholders = 0
  #rowBytes = 0

  add(row: PreparedRow): void {
    this.#rows += 1
    this.#rowBytes += Buffer.byteLength(row.json) + 1
    if (row.problems.length > 0) this.#invalid += 1
    if (row.hasEmptyPlaceholders) this.#emptyPlaceholders += 1
    this.problems.add(row.problems)
    for (const column of row.columns) this.columns.add(column)
    this.firstBody ??= row.request?.body ?? null
  }

  counts() {
    return {
      rows: this.#rows,
      problems: this.#invalid,
      emptyPlaceholders: this.#emptyPlaceholders,
      rowBytes: this.#rowBytes,
    }
  }
}
