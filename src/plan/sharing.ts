import type { CarriedOver } from '../model/run.ts'
import { type Target, targetKey } from '../model/target.ts'
import type { AnswerLength } from '../prices/answer-length.ts'
import { costOf } from '../prices/cost.ts'
import { sumUsd } from '../prices/dollars.ts'
import type { Price } from '../prices/price.ts'
import type { BatchCut } from './splitter.ts'
import type { TargetTally } from './tally.ts'

/** Rows of one target that need no request of their own. */
interface SharingPart {
  readonly target: Target
  rows: number
  /** Bytes of the bodies that they would have sent. */
  bytes: number
}

/** Rows of a plan that are not bought, or need not be. */
export interface PlanSharing {
  /** Rows answered by an earlier run; null where none was named. */
  readonly carried: CarriedOver | null
  /** Rows that share the request of an earlier row. */
  readonly shared: SharedRows
  /** Rows that would share one as well if they were allowed to; null where that was not counted. */
  readonly sharable: SharedRows | null
}

/** Rows, and what they would cost in batches if each had a request of its own; null where a price is unknown. */
export interface SharedRows {
  readonly rows: number
  readonly savedUsd: number | null
}

/** Facts that a saving follows from; part of what an estimate knows of a target. */
interface SavingFacts {
  readonly price: Price | null
  readonly expectedAnswer: AnswerLength
  readonly tally: Pick<TargetTally, 'mostOutputTokens'>
}

/** Bytes of UTF-8 per token, roughly, where no request tells. */
const BYTES_PER_TOKEN = 4

/** Counts rows by where their answers come from, while they become requests; flat memory. */
export class SharingTally {
  readonly #shared = new Map<string, SharingPart>()
  readonly #sharable = new Map<string, SharingPart>()
  #carriedRows = 0
  #carriedBytes = 0
  #carriedUsd: number | null = 0

  /** A row answered by an earlier run, for which it paid so much; null where that is not known. */
  addCarried(body: string, costUsd: number | null): void {
    this.#carriedRows += 1
    this.#carriedBytes += Buffer.byteLength(body)
    this.#carriedUsd = sumUsd([this.#carriedUsd, costUsd])
  }

  addShared(target: Target, body: string): void {
    add(this.#shared, target, body)
  }

  addSharable(target: Target, body: string): void {
    add(this.#sharable, target, body)
  }

  /** Rows answered by an earlier run, and the bytes of their bodies. */
  get carried(): { readonly rows: number; readonly bytes: number; readonly costUsd: number | null } {
    return { rows: this.#carriedRows, bytes: this.#carriedBytes, costUsd: this.#carriedUsd }
  }

  get shared(): readonly Readonly<SharingPart>[] {
    return [...this.#shared.values()]
  }

  get sharable(): readonly Readonly<SharingPart>[] {
    return [...this.#sharable.values()]
  }
}

function add(parts: Map<string, SharingPart>, target: Target, body: string): void {
  const key = targetKey(target)
  const part = parts.get(key) ?? { target, rows: 0, bytes: 0 }
  part.rows += 1
  part.bytes += Buffer.byteLength(body)
  parts.set(key, part)
}

/** Counts of shared rows, and the way they were counted. */
export interface SharingCounts {
  readonly tally: SharingTally
  /** The run that answers are carried over from; null for none. */
  readonly from: string | null
  /** True where the rows that would share a request were counted too. */
  readonly isCounting: boolean
}

/** Of rows that were not told apart. */
export const NOTHING_SHARED: SharingCounts = { tally: new SharingTally(), from: null, isCounting: false }

/** What the counted rows come to, by the same prices and expectations as what is bought. */
export function summariseSharing(
  { from, isCounting, tally }: SharingCounts,
  cuts: readonly BatchCut[],
  factsOf: (target: Target) => SavingFacts,
): PlanSharing {
  const { costUsd, rows } = tally.carried
  const sum = (parts: readonly SharingPart[]): SharedRows => ({
    rows: parts.reduce((total, part) => total + part.rows, 0),
    savedUsd: sumUsd(parts.map((part) => savedUsd(part, cuts, factsOf(part.target)))),
  })
  return {
    carried: from === null ? null : { from, rows, costUsd },
    shared: sum(tally.shared),
    sharable: isCounting ? sum(tally.sharable) : null,
  }
}

/** Tokens follow from bytes, as they do in the requests that are sent to the same target. */
function savedUsd(
  part: SharingPart,
  cuts: readonly BatchCut[],
  { expectedAnswer, price, tally }: SavingFacts,
): number | null {
  const own = cuts.filter(({ target }) => targetKey(target) === targetKey(part.target))
  const sent = own.reduce((total, { bytes }) => total + bytes, 0)
  const tokens = own.reduce((total, cut) => total + cut.tokens, 0)
  const requests = own.reduce((total, cut) => total + cut.requests, 0)
  const most =
    tally.mostOutputTokens === null || requests === 0 ? Number.POSITIVE_INFINITY : tally.mostOutputTokens / requests
  const usage = {
    promptTokens: Math.ceil(part.bytes * (sent === 0 ? 1 / BYTES_PER_TOKEN : tokens / sent)),
    completionTokens: price?.outputUsd === null ? 0 : Math.ceil(part.rows * Math.min(expectedAnswer.tokens, most)),
    cachedTokens: null,
    reasoningTokens: null,
  }
  return costOf(usage, price, 'batch')
}
