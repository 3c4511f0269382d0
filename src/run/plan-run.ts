import { limitsInForce } from '../config/settings.ts'
import { nearestFolder } from '../lib/disk.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import type { RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { findCollisions } from '../output/answer-columns.ts'
import { createSplitter } from '../plan/splitter.ts'
import { type PlanSummary, summarisePlan } from '../plan/summary.ts'
import { estimateTokens } from '../plan/tokens.ts'
import { findPrice } from '../prices/cost.ts'
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

/** Any wire id will do for counting: they all have one length. */
const SAMPLE_WIRE_ID = 'b'.repeat(WIRE_ID_LENGTH)

/** Reads an input as `run` would and counts, without sending or storing anything. Needs no key. */
export async function planRun(place: Place, options: NewRunOptions): Promise<PlannedRun> {
  const { configuration, disk, home } = place
  const definition = definitionOf(place, options)
  const provider = place.describe(definition.provider)
  const settings = configuration.settings
  const input = await prepareInput({ ...options, definition, input: { ...options.input, disk }, provider, settings })
  const splitter = createSplitter((target) =>
    limitsInForce(settings, target.provider, target.model, provider.limits(target)),
  )
  const counter = new RowCounter()
  const cuts = []
  for await (const rows of input.rows) {
    for (const row of rows) {
      counter.add(row)
      if (!row.request) continue
      const bytes = Buffer.byteLength(provider.encode({ wireId: SAMPLE_WIRE_ID, ...row.request }))
      const { closed } = splitter.place(row.request.target, bytes, estimateTokens(bytes))
      if (closed) cuts.push(closed)
    }
  }
  cuts.push(...splitter.finish())
  const priceOf = (target: Target) => findPrice(target.provider, target.model, configuration.prices)
  return {
    definition: { ...definition, shape: input.shape },
    summary: summarisePlan({ ...counter.counts(), maxTokens: definition.maxTokens }, cuts, priceOf),
    problems: counter.problems,
    collisions: findCollisions([...counter.columns], options.output.prefix),
    firstBody: counter.firstBody,
    freeBytes: await disk.freeBytes(await nearestFolder(disk, home)),
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
