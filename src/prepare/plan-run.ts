import { nearestFolder } from '../lib/disk.ts'
import type { PreparedRow } from '../log/prepared-row.ts'
import type { OutputPlan, RunDefinition } from '../model/run.ts'
import { findCollisions, findUnknown } from '../output/fields.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import type { Store } from '../store/store.ts'
import { fieldOptions } from '../workspace/answer-fields.ts'
import { FileList } from '../workspace/file-list.ts'
import type { Site } from '../workspace/workspace.ts'
import { type Carry, openCarry } from './carry.ts'
import { ColumnList } from './column-list.ts'
import { definitionOf, type NewRunOptions } from './definition.ts'
import { estimateRun, withStoreIfAny } from './estimate.ts'
import { AnsweredRows, isAnswersFile, withoutEarlierColumns } from './failed-input.ts'
import { tellOrigins } from './origins.ts'
import { planCuts } from './plan-cuts.ts'
import { prepareInput } from './prepare.ts'
import { ProblemList } from './problem-list.ts'

/** What `plan` shows: everything that is known before anything is sent. */
export interface PlannedRun {
  readonly definition: RunDefinition
  readonly summary: PlanSummary
  readonly review: PromptReview
  readonly problems: ProblemList
  /** Input columns that are named like ours. */
  readonly collisions: readonly string[]
  /** Columns asked for that nobody has. */
  readonly unknownColumns: readonly string[]
  /** The body of the first request, as it would be sent; null where no row can be sent. */
  readonly firstBody: string | null
  /** Bytes free where the run would live. */
  readonly freeBytes: number
}

/** Reads an input as `run` would and counts, without sending or storing anything. Needs no key. */
export async function planRun(place: Site, options: NewRunOptions): Promise<PlannedRun> {
  return await withStoreIfAny(place, (home) => planIn(place, home, options))
}

async function planIn(place: Site, home: Store | null, options: NewRunOptions): Promise<PlannedRun> {
  const { clock, configuration, disk } = place
  const definition = definitionOf(place, options)
  const { baseUrl } = definition
  const provider = place.describe(definition.provider)
  const settings = configuration.settings
  const input = await prepareInput({ ...options, definition, input: { ...options.input, disk }, provider, settings })
  const counter = new RowCounter(options.output)
  const carry = await carryFor(place, home, definition, options.since)
  const told = tellOrigins(input, { dedupe: definition.dedupe, carry, isCounting: true })
  const planned = await planCuts({ clock, provider, settings, home, baseUrl }, told, (row) => counter.add(row))
  const sharing = { tally: told.tally, from: carry?.run.id ?? null, isCounting: true }
  const { maxReasks, maxTokens } = definition
  const counts = { ...counter.counts(), maxReasks, maxTokens, sharing }
  const whole = input.definition
  const fields = fieldOptions(counter.outputOf(options.output), whole, {
    columns: counter.columns.all(),
    files: counter.files.all(),
  })
  return {
    definition: whole,
    summary: await estimateRun({ clock, configuration, provider, home, baseUrl }, { counts, ...planned }),
    review: input.review,
    problems: counter.problems,
    collisions: findCollisions(fields),
    unknownColumns: findUnknown(fields),
    firstBody: counter.firstBody,
    freeBytes: await disk.freeBytes(await nearestFolder(disk, place.home)),
  }
}

async function carryFor(
  place: Site,
  store: Store | null,
  definition: Pick<RunDefinition, 'answer' | 'provider' | 'baseUrl'>,
  since: string | undefined,
): Promise<Carry | null> {
  if (since === undefined) return null
  return await openCarry(place, store ?? NO_RUNS, definition, since)
}

/** A home that was not made yet. */
const NO_RUNS: Pick<Store, 'listRuns' | 'read'> = {
  listRuns: () => Promise.resolve([]),
  read: (id) => {
    throw new Error(`there is no run ${id}`)
  },
}

class RowCounter {
  readonly #answered: AnsweredRows
  readonly problems = new ProblemList()
  readonly columns = new ColumnList()
  readonly files = new FileList()
  firstBody: string | null = null
  #rows = 0
  #invalid = 0
  #emptyPlaceholders = 0
  #rowBytes = 0

  constructor(output: OutputPlan) {
    this.#answered = new AnsweredRows(output)
  }

  /** The plan that a run would follow. */
  outputOf(plan: OutputPlan): OutputPlan {
    const columns = this.columns.all()
    return isAnswersFile(plan, columns) && !this.#answered.hasAny ? withoutEarlierColumns(plan, columns) : plan
  }

  add(row: PreparedRow): void {
    this.#answered.add(row.json)
    this.#rows += 1
    this.#rowBytes += Buffer.byteLength(row.json) + 1
    if (row.problems.length > 0) this.#invalid += 1
    if (row.hasEmptyPlaceholders) this.#emptyPlaceholders += 1
    this.problems.add(row.problems)
    this.columns.add(row.columns)
    this.files.add(row.file, this.#rows)
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
