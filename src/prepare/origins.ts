import type { PlannableRequest, PreparedRow } from '../batching/prepared-row.ts'
import { DigestTable } from '../lib/packed/digest-table.ts'
import type { InputShape } from '../model/run.ts'
import { SharingTally } from '../plan/sharing.ts'
import { isAnsweredAlike } from '../request/same-answer.ts'
import type { Carry } from './carry.ts'
import type { PreparedInput } from './prepare.ts'

/** By what rows are told apart. */
export interface OriginOptions {
  /** True: identical requests are sent once; false: never; null: where the answer is meant to be the same. */
  readonly dedupe: boolean | null
  /** The answers of an earlier run; null for none. */
  readonly carry: Carry | null
  /** Also counts the rows that would share a request if they were allowed to, for a plan. */
  readonly isCounting: boolean
  /** Requests that the run holds already; rows share only those that come with them. @default 0 */
  readonly firstRequest?: number | undefined
  /** Counts so among the first requests only, so that memory has a bound. @default all of them */
  readonly mostCounted?: number
}

/** Rows that know their origins, and what was counted of these, whole once all rows were read. */
export interface ToldRows extends Pick<PreparedInput, 'rows' | 'shape'> {
  readonly tally: SharingTally
}

/** Rows looked up together in the earlier run. */
const PART_ROWS = 500

/**
 * Tells for each row whether its answer must be bought, or is that of an earlier row with the identical request, or of an
 * earlier run. Rows pass as they are where neither can be.
 */
export function tellOrigins({ rows, shape }: Pick<PreparedInput, 'rows' | 'shape'>, options: OriginOptions): ToldRows {
  const origins = new Origins(shape, options)
  return { shape, rows: origins.tell(rows), tally: origins.tally }
}

class Origins {
  readonly tally = new SharingTally()
  readonly #shape: InputShape
  readonly #options: OriginOptions
  /** The ordinals of requests by their identity. */
  readonly #known = new DigestTable()
  #requests: number
  /** Whether requests that all have the same parameters are answered alike; undefined before the first one. */
  #isAlike: boolean | undefined

  constructor(shape: InputShape, options: OriginOptions) {
    this.#shape = shape
    this.#options = options
    this.#requests = options.firstRequest ?? 0
  }

  async *tell(rows: PreparedInput['rows']): PreparedInput['rows'] {
    for await (const chunk of rows) {
      if (this.#options.carry === null) yield chunk.map((row) => this.#tellRow(row))
      else {
        for (let start = 0; start < chunk.length; start += PART_ROWS) {
          yield await this.#tellPart(chunk.slice(start, start + PART_ROWS), this.#options.carry)
        }
      }
    }
  }

  /** The rows of a part, with the answers that the earlier run has for them. */
  async #tellPart(rows: readonly PreparedRow[], carry: Carry): Promise<readonly PreparedRow[]> {
    const taken: { readonly at: number; readonly ordinal: number }[] = []
    const told = rows.map((row, at) =>
      this.#tellRow(row, (identity) => {
        const ordinal = carry.take(identity)
        if (ordinal !== undefined) taken.push({ at, ordinal })
        return ordinal !== undefined
      }),
    )
    if (taken.length === 0) return told
    const answers = await carry.answersOf(taken.map(({ ordinal }) => ordinal))
    for (const [index, { at }] of taken.entries()) {
      const row = told[at]
      const answer = answers[index]
      if (!row?.request || !answer) continue
      this.tally.addCarried(row.request.body, answer.costUsd)
      told[at] = { ...row, origin: { from: 'run', answer } }
    }
    return told
  }

  /** `takes` says whether the earlier run has an answer left for a request. */
  #tellRow(row: PreparedRow, takes?: (identity: string) => boolean): PreparedRow {
    const { request } = row
    if (!request) return row
    const mayShare = this.#mayShare(request)
    const { isCounting, mostCounted = Number.POSITIVE_INFINITY } = this.#options
    const isKnown = mayShare || (isCounting && this.#requests < mostCounted)
    if (!isKnown && !takes) {
      this.#requests += 1
      return row
    }
    const { identity } = request
    const earlier = isKnown ? this.#known.get(identity) : undefined
    if (earlier !== undefined && mayShare) {
      this.tally.addShared(request.target, request.body)
      return { ...row, origin: { from: 'row', request: earlier } }
    }
    if (earlier === undefined && isKnown) this.#known.set(identity, this.#requests)
    this.#requests += 1
    if (!takes?.(identity) && earlier !== undefined) this.tally.addSharable(request.target, request.body)
    return row
  }

  #mayShare(request: PlannableRequest): boolean {
    const { dedupe } = this.#options
    if (dedupe !== null) return dedupe
    if (this.#shape === 'provider') return isAnsweredAlike(request)
    // All requests of such an input have the parameters of the command line.
    this.#isAlike ??= isAnsweredAlike(request)
    return this.#isAlike
  }
}
