import type { Billed, OutcomeStatus } from './outcome.ts'

/** State of a request: in no batch that could answer it, in one, or at an outcome. */
export type RequestState = 'pending' | 'batched' | OutcomeStatus

/** By what the requests of a batch are counted together. */
export interface TallyKey {
  readonly state: RequestState
  /** What the newest answer to it was; null where there is none. Another than the state where an older answer counts. */
  readonly status: OutcomeStatus | null
  readonly billed: Billed
  readonly code: string | null
  /** How often its question was asked anew. */
  readonly turn: number
  /** True where its input is long enough for the dearer rates of some models. */
  readonly isLong: boolean
}

/**
 * Requests of a batch that stand alike, counted: those that no newer batch has taken over. All groups of all batches of a
 * run together count every request once.
 */
export interface TallyGroup extends TallyKey, TallySums {
  /** What is said of one of them. */
  readonly reason: string | null
}

/** Sums over the requests of a group. */
export interface TallySums {
  readonly requests: number
  /** Rows that wait for these requests; several may share one. */
  readonly rows: number
  /** Results whose usage was told, and their tokens. */
  readonly answers: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly cachedTokens: number
  readonly reasoningTokens: number
  readonly cacheWriteTokens: number
  readonly hourWriteTokens: number
  /** Results that were or may have been billed without a usage. */
  readonly withoutUsage: number
  /** US dollars that the questions before these have cost; null where that is not known of all. */
  readonly earlierUsd: number | null
}

const SUMS = [
  'requests',
  'rows',
  'answers',
  'promptTokens',
  'completionTokens',
  'cachedTokens',
  'reasoningTokens',
  'cacheWriteTokens',
  'hourWriteTokens',
  'withoutUsage',
] as const satisfies readonly (keyof TallySums)[]

/** A group that other requests are added to or taken from. */
type OpenGroup = { -readonly [Field in keyof TallyGroup]: TallyGroup[Field] }

/** Counts of the requests of one batch. */
export class Tally {
  readonly #groups = new Map<string, OpenGroup>()
  /** Found last: neighbours mostly stand alike, and telling that is cheaper than making a key. */
  #last: OpenGroup | undefined

  constructor(groups: readonly TallyGroup[] = []) {
    for (const group of groups) this.add(group)
  }

  add(group: TallyGroup): void {
    const found = this.#find(group)
    if (!found) {
      this.#groups.set(keyOf(group), { ...group })
      return
    }
    for (const field of SUMS) found[field] += group[field]
    found.earlierUsd =
      found.earlierUsd === null || group.earlierUsd === null ? null : found.earlierUsd + group.earlierUsd
    found.reason ??= group.reason
  }

  /** Takes requests away that a newer batch has taken over; false where there are fewer, and then nothing is changed. */
  take(group: TallyGroup): boolean {
    const found = this.#find(group)
    if (!found || found.requests < group.requests) return false
    for (const field of SUMS) found[field] -= group[field]
    if (found.earlierUsd !== null && group.earlierUsd !== null) found.earlierUsd -= group.earlierUsd
    if (found.requests === 0) {
      this.#groups.delete(keyOf(group))
      this.#last = undefined
    }
    return true
  }

  /** The groups that hold anything, each with another key. */
  groups(): readonly TallyGroup[] {
    return [...this.#groups.values()]
  }

  #find(group: TallyKey): OpenGroup | undefined {
    if (!this.#last || !isAlike(this.#last, group)) this.#last = this.#groups.get(keyOf(group))
    return this.#last
  }
}

/** Requests of which nothing is told but where they stand. */
export function plainGroup(
  state: RequestState,
  turn: number,
  counts: Pick<TallySums, 'requests' | 'rows'>,
  earlierUsd: number | null,
): TallyGroup {
  return {
    state,
    status: null,
    billed: 'no',
    code: null,
    turn,
    isLong: false,
    reason: null,
    answers: 0,
    promptTokens: 0,
    completionTokens: 0,
    cachedTokens: 0,
    reasoningTokens: 0,
    cacheWriteTokens: 0,
    hourWriteTokens: 0,
    withoutUsage: 0,
    earlierUsd,
    ...counts,
  }
}

function isAlike(one: TallyKey, other: TallyKey): boolean {
  return (
    one.state === other.state &&
    one.status === other.status &&
    one.billed === other.billed &&
    one.code === other.code &&
    one.turn === other.turn &&
    one.isLong === other.isLong
  )
}

function keyOf({ billed, code, isLong, state, status, turn }: TallyKey): string {
  return JSON.stringify([state, status, billed, code, turn, isLong])
}
