import { nearestFolder } from '../lib/disk.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import type { RunDefinition } from '../model/run.ts'
import { findCollisions, findUnknown } from '../output/fields.ts'
import { type BatchCut, createSplitter } from '../plan/splitter.ts'
import type { PlanSummary } from '../plan/summary.ts'
import { RequestTally } from '../plan/tally.ts'
import { TokenCounters } from '../plan/tokens.ts'
import type { Store } from '../store/store.ts'
import { type Carry, openCarry } from './carry.ts'
import { ColumnList } from './column-list.ts'
import { Cuttings } from './cutting.ts'
import { estimateRun, withStoreIfAny } from './estimate.ts'
import { FileList } from './file-list.ts'
import { tellOrigins } from './origins.ts'
import { type PreparedRow, prepareInput } from './prepare.ts'
import { ProblemList } from './problem-list.ts'
import { definitionOf, fieldOptions, type NewRunOptions } from './start.ts'
import type { Place } from './workspace.ts'

/** What `plan` shows: everything that is known before anything is sent. */
export interface PlannedRun {
  readonly definition: RunDefinition
  readonly summary: PlanSummary
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

/** Any wire id will do for counting: they all have one length. */
const SAMPLE_WIRE_ID = 'b'.repeat(WIRE_ID_LENGTH)

/** Reads an input as `run` would and counts, without sending or storing anything. Needs no key. */
export async function planRun(place: Place, options: NewRunOptions): Promise<PlannedRun> {
  return await withStoreIfAny(place, (store) => planIn(place, store, options))
}

async function planIn(place: Place, store: Store | null, options: NewRunOptions): Promise<PlannedRun> {
  const { configuration, disk, home } = place
  const definition = definitionOf(place, options)
  const provider = place.describe(definition.provider)
  const settings = configuration.settings
  const input = await prepareInput({ ...options, definition, input: { ...options.input, disk }, provider, settings })
  const counters = new TokenCounters(settings.isCountingTokens)
  const cuttings = new Cuttings({ clock: place.clock, counters, provider, settings, store: null })
  const splitter = createSplitter((target) => cuttings.limitsOf(target))
  const counter = new RowCounter()
  const tally = new RequestTally()
  const carry = await carryFor(place, store, definition, options.since)
  const told = tellOrigins(input, { dedupe: definition.dedupe, carry, isCounting: true })
  const cuts: BatchCut[] = []
  for await (const rows of told.rows) {
    for (const row of rows) {
      counter.add(row)
      if (!row.request || row.origin) continue
      const { body, mostOutputTokens, target } = row.request
      tally.add(target, body, mostOutputTokens)
      const { counter: tokens, limits, loadOf } = cuttings.known(target) ?? (await cuttings.of(target))
      const line = Buffer.from(provider.encode({ wireId: SAMPLE_WIRE_ID, ...row.request }))
      const counted = tokens.count(line, limits.queueTokens)
      const load = loadOf(line)
      tally.addLoad(target, load)
      const { closed } = splitter.place(
        target,
        line.length,
        typeof counted === 'number' ? counted : await counted,
        load,
      )
      if (closed) cuts.push(closed)
    }
  }
  await counters.close()
  cuts.push(...splitter.finish())
  const sharing = { tally: told.tally, from: carry?.run.id ?? null, isCounting: true }
  const { maxReasks, maxTokens } = definition
  const counts = { ...counter.counts(), maxReasks, maxTokens, sharing }
  const whole = input.definition
  const fields = fieldOptions(options.output, whole, { columns: counter.columns.all(), files: counter.files.all() })
  return {
    definition: whole,
    summary: await estimateRun({ ...place, provider, home: store, run: null }, { counts, cuts, tally }),
    problems: counter.problems,
    collisions: findCollisions(fields),
    unknownColumns: findUnknown(fields),
    firstBody: counter.firstBody,
    freeBytes: await disk.freeBytes(await nearestFolder(disk, home)),
  }
}

async function carryFor(
  place: Place,
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
  readonly problems = new ProblemList()
  readonly columns = new ColumnList()
  readonly files = new FileList()
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
