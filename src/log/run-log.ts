import { LlmBatchError } from '../model/error.ts'
import { isReopened, type Reopening } from '../model/reopening.ts'
import type { RequestState } from '../model/tally.ts'
import type { BatchRecord } from '../store/port/batch.ts'
import type { PortionRecord } from '../store/port/run.ts'
import type { RunStore } from '../store/store.ts'
import { BatchPlan } from './batch-plan.ts'
import { Histories, type History, type LoadBatch } from './histories.ts'
import type { Entry, LogBatch } from './log-batch.ts'
import { Outcomes } from './outcomes.ts'
import type { LogPorts } from './ports.ts'
import { stateOf } from './present.ts'
import { RowWeights } from './row-weights.ts'

/** A request as it stands. */
export interface PresentRequest extends History {
  readonly state: RequestState
  readonly newest: Entry
  /** Set where it has an outcome and is to be sent again all the same. */
  readonly reopening: Reopening | null
}

/** A batch by which its requests are found. */
type PlannedBatch = Pick<BatchRecord, 'firstOrdinal' | 'nonce' | 'number' | 'plan' | 'requestCount'>

/** Requests handed on together: a promise for each would take longer than reading it. */
const PAGE_REQUESTS = 400

/** Requests whose batches are kept in memory for others that are asked for in no order; about 70 bytes each. */
const MOST_KEPT_REQUESTS = 800_000

/** The part of the catalog by which the log is read. */
type LogStore = Pick<RunStore, 'batches' | 'portions' | 'record'>

/** Makes the outcomes of a batch again from its plan and its raw result files. */
export type RepairOutcomes = (batch: BatchRecord, plan: BatchPlan) => Promise<Outcomes>

/**
 * Reads the log of a run: its batches as the catalog names them, merged by request, newest wins. Flat memory, whatever the
 * number of batches and requests. What is read belongs to the moment at which reading began.
 */
export class RunLog {
  readonly #ports: LogPorts
  readonly #store: LogStore
  readonly #repair: RepairOutcomes | undefined
  /** Read last for requests in no order, the newest at the end. */
  readonly #kept = new Map<number, LogBatch>()
  readonly #mostKeptRequests: number

  constructor(
    ports: LogPorts & { readonly store: LogStore },
    repair?: RepairOutcomes,
    mostKeptRequests = MOST_KEPT_REQUESTS,
  ) {
    this.#mostKeptRequests = mostKeptRequests
    this.#ports = ports
    this.#store = ports.store
    this.#repair = repair
  }

  /** The requests of a batch, in the order of its lines. */
  async planOf({ firstOrdinal, nonce, number, plan, requestCount }: PlannedBatch): Promise<BatchPlan> {
    if (plan === null) return BatchPlan.ofRange(firstOrdinal, requestCount)
    const path = this.#ports.folder.plan(nonce)
    const read = await BatchPlan.read(this.#ports.disk, path, plan)
    if (read) return read
    throw new LlmBatchError(
      'disk',
      `${path} is damaged or absent: which requests are in batch ${number} is not known`,
      {
        next: 'Restore the folder of the run from a backup.',
      },
    )
  }

  /** How many rows wait for each request. */
  async weights(): Promise<RowWeights> {
    const portions = await this.#store.portions()
    return RowWeights.joined(await Promise.all(portions.map((portion) => this.#weightsIn(portion))))
  }

  async #weightsIn({ number, rowFiles, sharing }: PortionRecord): Promise<RowWeights> {
    if (sharing === null) return new RowWeights()
    const { disk, folder } = this.#ports
    const path = folder.portion(number, rowFiles.writer).sharing
    const read = await RowWeights.read(disk, path, sharing)
    if (read) return read
    throw new LlmBatchError('disk', `${path} is damaged or absent: which rows share a request is not known`, {
      next: 'Restore the folder of the run from a backup.',
    })
  }

  /** All requests of the run by ordinal. */
  async *all(): AsyncIterable<PresentRequest> {
    for await (const page of this.pages()) yield* page
  }

  /** The same, many at a time. */
  async *pages(): AsyncIterable<readonly PresentRequest[]> {
    const { requestCount } = await this.#store.record()
    const batches = await this.#store.batches()
    yield* this.#present(batches, counting(requestCount), (record) => this.read(record))
  }

  /** Requests that wait to be planned into a batch, by ordinal. */
  async *pending(): AsyncIterable<PresentRequest> {
    const { reopenings } = await this.#store.record()
    yield* this.#standing(
      ({ billed, state }, number) =>
        state === 'pending' || reopenings.some((reopening) => isReopened(reopening, { billed, state }, number)),
      ({ reopening, state }) => state === 'pending' || reopening !== null,
    )
  }

  /** Requests whose newest answer is invalid, and that were asked anew less often than so. */
  async *reaskable(mostTurns: number): AsyncIterable<PresentRequest> {
    yield* this.#standing(
      ({ state, status, turn }) => state === 'invalid' && status === 'invalid' && turn < mostTurns,
      ({ newest, reopening }) => newest.fate === 'invalid' && newest.turn < mostTurns && reopening === null,
    )
  }

  /**
   * These requests, in rising order; those that no batch holds are left out. Some batches stay in memory for the next ones
   * that are asked for.
   */
  async *some(ordinals: Iterable<number>, batches?: readonly BatchRecord[]): AsyncIterable<PresentRequest> {
    const known = batches ?? (await this.#store.batches())
    for await (const page of this.#present(known, ordinals, (record) => this.#load(record))) yield* page
  }

  /** The batches of this moment, for reading parts of it one after another. */
  async batches(): Promise<readonly BatchRecord[]> {
    return await this.#store.batches()
  }

  /** Requests that `isWanted`, of batches some of which stand so that they may be. */
  async *#standing(
    mayHold: (group: BatchRecord['tally'][number], batchNumber: number) => boolean,
    isWanted: (request: PresentRequest) => boolean,
  ): AsyncIterable<PresentRequest> {
    const batches = await this.#store.batches()
    const holding = batches.filter(({ number, tally }) => tally.some((group) => mayHold(group, number)))
    const plans = await Promise.all(holding.map((batch) => this.planOf(batch)))
    const pages = this.#present(batches, mergedOrdinals(plans), (record) => this.read(record))
    for await (const page of pages) yield* page.filter(isWanted)
  }

  async *#present(
    batches: readonly BatchRecord[],
    ordinals: Iterable<number>,
    load: LoadBatch,
  ): AsyncIterable<readonly PresentRequest[]> {
    const { reopenings } = await this.#store.record()
    const histories = new Histories(batches, load)
    let page: PresentRequest[] = []
    for (const ordinal of ordinals) {
      if (!histories.hasReached(ordinal)) await histories.reach(ordinal)
      const history = histories.of(ordinal)
      if (history) page.push(presentOf(history, reopenings))
      if (page.length < PAGE_REQUESTS) continue
      yield page
      page = []
    }
    yield page
  }

  async #load(record: BatchRecord): Promise<LogBatch> {
    const { key } = record
    const kept = this.#kept.get(key)
    const isSame = kept?.record.settled?.facts.sha256 === record.settled?.facts.sha256
    const batch = kept && isSame ? { ...kept, record } : await this.read(record)
    this.#kept.delete(key)
    this.#kept.set(key, batch)
    this.#forgetOldest()
    return batch
  }

  /** The newest one stays, however large it is. */
  #forgetOldest(): void {
    let requests = 0
    for (const [key, { plan }] of [...this.#kept].reverse()) {
      const isNewest = requests === 0
      requests += plan.length
      if (!isNewest && requests > this.#mostKeptRequests) this.#kept.delete(key)
    }
  }

  /** A batch with what is in its files. */
  async read(record: BatchRecord): Promise<LogBatch> {
    const { disk, folder } = this.#ports
    const plan = await this.planOf(record)
    const { settled } = record
    if (settled === null) return { record, plan, outcomes: null }
    const path = folder.outcomes(settled.name)
    const outcomes = (await Outcomes.read(disk, path, settled.facts)) ?? (await this.#repair?.(record, plan))
    if (outcomes) return { record, plan, outcomes }
    throw new LlmBatchError('disk', `${path} is damaged or absent: it says what became of batch ${record.number}`, {
      next: 'Read the answers of that run: then it is made again from the raw result files.',
    })
  }
}

function presentOf({ entries, ordinal }: History, reopenings: readonly Reopening[]): PresentRequest {
  const newest = entries.at(-1) ?? entries[0]
  const state = stateOf(newest)
  if (reopenings.length === 0) return { ordinal, entries, state, newest, reopening: null }
  const billed = newest.result?.billed ?? 'no'
  // The last wish counts.
  const reopening = reopenings.findLast((one) => isReopened(one, { state, billed }, newest.batch.record.number)) ?? null
  return { ordinal, entries, state, newest, reopening }
}

function* counting(count: number): Iterable<number> {
  for (let ordinal = 0; ordinal < count; ordinal += 1) yield ordinal
}

/**
 * The ordinals of several plans in rising order, each once; looked at are only those that have begun and not ended, however
 * many batches there are.
 */
function* mergedOrdinals(plans: readonly BatchPlan[]): Iterable<number> {
  const ahead = plans
    .filter(({ length }) => length > 0)
    .toSorted((one, other) => one.ordinalAt(0) - other.ordinalAt(0))
    .values()
  let next = ahead.next()
  let open: { readonly plan: BatchPlan; place: number }[] = []
  for (;;) {
    let least = next.done ? Number.POSITIVE_INFINITY : next.value.ordinalAt(0)
    for (const { place, plan } of open) least = Math.min(least, plan.ordinalAt(place))
    if (least === Number.POSITIVE_INFINITY) return
    while (!next.done && next.value.ordinalAt(0) === least) {
      open.push({ plan: next.value, place: 0 })
      next = ahead.next()
    }
    let hasEnded = false
    for (const one of open) {
      if (one.plan.ordinalAt(one.place) === least) one.place += 1
      hasEnded ||= one.place === one.plan.length
    }
    if (hasEnded) open = open.filter(({ place, plan }) => place < plan.length)
    yield least
  }
}
