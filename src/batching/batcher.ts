import type { PlannedEntry } from '../log/batch-plan.ts'
import type { BatchKind } from '../model/batch.ts'
import type { TallyGroup } from '../model/tally.ts'
import { type Target, targetKey } from '../model/target.ts'
import { type BatchCut, createSplitter, type Splitter } from '../plan/splitter.ts'
import type { RequestTally } from '../plan/tally.ts'
import type { TokenMethod } from '../store/port/batch.ts'
import { type Cutting, type CuttingPorts, cuttingOf } from './cutting.ts'
import type { FirstCandidate, FirstChoice } from './first-choice.ts'
import { LineEncoder } from './line-encoder.ts'

/** A request on its way into a batch. */
export interface BatchRequest extends FirstCandidate {
  readonly ordinal: number
  /** What is known of it where an earlier batch held it. @default it is new */
  readonly earlier?: EarlierEntry
  /** Its identity. @default it is made of target and body */
  readonly identity?: string
  /** The most tokens its answer may have; null for no limit. */
  readonly mostOutputTokens: number | null
}

/** A request that was in a batch before. */
export interface EarlierEntry extends Omit<PlannedEntry, 'ordinal'> {
  /** The newest batch that held it, which it is counted in until now, and how. */
  readonly batchKey: number
  readonly group: TallyGroup
  /** Whether it asks anew here, and for the first time. @default it does not */
  readonly asksAnew?: 'first' | 'further'
}

/** Facts of a batch before its first line. */
export interface BatchFacts {
  readonly kind: BatchKind
  readonly tokenMethod: TokenMethod
}

/** A batch that requests are put into, one after another. */
export interface OpenBatch {
  /** The prefix of its wire ids. */
  readonly prefix: string
  /** Appends a request with its line and its estimated input tokens. */
  add(request: BatchRequest, line: Buffer, tokens: number): void | Promise<void>
  /** What it has come to: its requests, the bytes of its lines with their line feeds, and its tokens. */
  size(): { readonly requests: number; readonly bytes: number; readonly tokens: number }
  /** Ends the batch, which is whole then. */
  finish(): Promise<void>
  /** Lets go of it, finished or not; may be repeated. */
  close(): Promise<void>
}

/** Receiver of batches: opens the next one of a target. */
export type BatchSink = (target: Target, facts: BatchFacts) => Promise<OpenBatch>

/** Options of a batcher. */
export interface BatcherOptions {
  readonly ports: CuttingPorts
  readonly sink: BatchSink
  /** Choose what goes before all else, in batches of its own; the first that wants a request has it. @default nothing does */
  readonly first?: readonly FirstChoice[]
  /** Counts what is put in. @default nothing is counted */
  readonly tally?: RequestTally
  /** A further limit of requests. @default none */
  readonly mostRequests?: number
  /** How many requests are asked directly together where all of them are; null where they go into batches. @default null */
  readonly tailRequests?: number | null
}

/**
 * How many requests a batch may have where batches are told apart by nothing but that number: another one for each batch,
 * as far as that costs no more than half of the limit.
 */
export function distinctCount(most: number, ordinal: number): number {
  return most - (ordinal % Math.ceil(most / 2))
}

/** The requests of one target, or those of one set that go first. */
interface Lane {
  readonly kind: BatchKind
  readonly target: Target
  readonly cutting: Cutting
  batch: OpenBatch
}

/**
 * Puts requests into batches, in their order: one open batch for each target, cut by the target's limits, and one for each
 * set of requests that go first. Freezing, planning, planning again and asking again are all
 * done by it; they differ in where the requests come from and where the batches go.
 */
export class Batcher {
  readonly #options: BatcherOptions
  readonly #encoder = new LineEncoder()
  readonly #splitter: Splitter
  readonly #lanes = new Map<string, Lane>()
  readonly #apart = new Map<string, Lane>()
  readonly #cuttings = new Map<string, Cutting>()
  readonly #cuts: BatchCut[] = []

  constructor(options: BatcherOptions) {
    this.#options = options
    const isCounted = options.ports.provider.abilities.recovery === 'counted'
    this.#splitter = createSplitter((target, ordinal) => {
      const { limits } = this.#known(targetKey(target))
      const { maxRequests, queueRequests } = limits
      const most = Math.min(maxRequests, queueRequests ?? maxRequests, options.mostRequests ?? maxRequests)
      return { ...limits, maxRequests: isCounted ? distinctCount(most, ordinal) : most }
    })
  }

  /** Puts one request into its batch. */
  async add(request: BatchRequest): Promise<void> {
    const { first = [], tailRequests = null, tally } = this.#options
    tally?.add(request.target, request.body, request.mostOutputTokens)
    if (tailRequests !== null) return await this.#placeInTail(request, tailRequests)
    for (const choice of first) {
      const set = choice.setFor(request)
      if (set === null) continue
      await this.#placeApart(request, choice.kind, set)
      return
    }
    await this.#place(request)
  }

  /** Ends the open batches; returns all, in the order in which they were ended. */
  async finish(): Promise<readonly BatchCut[]> {
    for (const lane of [...this.#lanes.values(), ...this.#apart.values()]) await this.#end(lane)
    return this.#cuts
  }

  /** Lets go of batches that were not ended, because something went wrong; may be repeated. */
  async close(): Promise<void> {
    for (const { batch } of [...this.#lanes.values(), ...this.#apart.values()]) await batch.close()
  }

  async #place(request: BatchRequest): Promise<void> {
    const { target } = request
    const key = targetKey(target)
    const lane = this.#lanes.get(key) ?? (await this.#openLane(this.#lanes, key, target, 'batch'))
    const { counter, limits, loadOf, rate } = lane.cutting
    const line = this.#encoder.lineOf(request, lane.batch.prefix)
    const tokens = counter.count(line, limits.queueTokens)
    const load = loadOf(line)
    this.#options.tally?.addLoad(target, load)
    const { closed } = this.#splitter.place(target, line.length, Math.ceil(tokens * rate), load)
    if (!closed) {
      await lane.batch.add(request, line, tokens)
      return
    }
    await this.#end(lane)
    lane.batch = await this.#options.sink(target, { kind: 'batch', tokenMethod: counter.method })
    await lane.batch.add(request, this.#encoder.lineOf(request, lane.batch.prefix), tokens)
  }

  async #placeInTail(request: BatchRequest, mostRequests: number): Promise<void> {
    const set = targetKey(request.target)
    const lane = this.#apart.get(set)
    if (lane && lane.batch.size().requests >= mostRequests) {
      await this.#end(lane)
      this.#apart.delete(set)
    }
    await this.#placeApart(request, 'tail', set)
  }

  async #placeApart(request: BatchRequest, kind: BatchKind, set: string): Promise<void> {
    const { target } = request
    const { batch, cutting } = this.#apart.get(set) ?? (await this.#openLane(this.#apart, set, target, kind))
    const line = this.#encoder.lineOf(request, batch.prefix)
    this.#options.tally?.addLoad(target, cutting.loadOf(line))
    await batch.add(request, line, cutting.counter.count(line, null))
  }

  async #openLane(lanes: Map<string, Lane>, name: string, target: Target, kind: BatchKind): Promise<Lane> {
    const key = targetKey(target)
    const cutting = this.#cuttings.get(key) ?? (await cuttingOf(this.#options.ports, target))
    this.#cuttings.set(key, cutting)
    const batch = await this.#options.sink(target, { kind, tokenMethod: cutting.counter.method })
    const lane = { kind, target, cutting, batch }
    lanes.set(name, lane)
    return lane
  }

  async #end({ batch, cutting, kind, target }: Lane): Promise<void> {
    await batch.finish()
    const { bytes, requests, tokens } = batch.size()
    this.#cuts.push({
      ordinal: this.#cuts.length,
      target,
      requests,
      bytes,
      tokens: Math.ceil(tokens * cutting.rate),
      kind,
    })
  }

  #known(key: string): Cutting {
    const cutting = this.#cuttings.get(key)
    if (!cutting) throw new Error(`the limits of ${key} were not gathered`)
    return cutting
  }
}
