import type { Reopening } from '../../src/model/reopening.ts'
import type { RequestResult } from '../../src/model/request-result.ts'
import type { RequestState } from '../../src/model/tally.ts'
import { sampleCounts } from './run-records.ts'

/** A request in one of its batches, as a person would write it down. */
interface Turn {
  readonly batch: NaiveBatch
  /** How often the question was asked anew before. */
  readonly turn: number
  readonly triesBefore: number
  is: 'open' | 'waiting' | 'returned' | 'given up' | 'answered'
  result: RequestResult | null
}

/** A question, by the turn that asked it last. */
interface Question {
  readonly turn: number
  asked: Turn
}

interface NaiveRequest {
  readonly ordinal: number
  readonly rows: number
  readonly turns: Turn[]
  readonly questions: Question[]
}

export interface NaiveBatch {
  readonly number: number
  readonly ordinals: readonly number[]
  is: 'planned' | 'held' | 'done'
  /** Of the attempt whose results count. */
  attemptKey: number
}

/** A run in memory: every request with all that happened to it, and no thought of files, groups or speed. */
export class NaiveRun {
  readonly requests: readonly NaiveRequest[]
  readonly batches: NaiveBatch[] = []
  readonly maxReasks: number
  wishes: Reopening[] = []

  constructor(rowsOfRequests: readonly number[], maxReasks: number) {
    this.requests = rowsOfRequests.map((rows, ordinal) => ({ ordinal, rows, turns: [], questions: [] }))
    this.maxReasks = maxReasks
  }

  request(ordinal: number): NaiveRequest {
    const request = this.requests[ordinal]
    if (!request) throw new RangeError(`there is no request ${ordinal}`)
    return request
  }

  /** Puts requests into a batch: new ones, those that are sent again, or those that are asked anew. */
  plan(ordinals: readonly number[], attemptKey: number, isAnew = false): void {
    const batch: NaiveBatch = { number: this.batches.length + 1, ordinals, is: 'planned', attemptKey }
    for (const ordinal of ordinals) {
      const request = this.request(ordinal)
      const last = request.turns.at(-1)
      const isRetry = this.wishOf(request) !== null
      const turn = last === undefined || (isRetry && !isAnew) ? 0 : last.turn + (isAnew ? 1 : 0)
      const triesBefore = last === undefined || isAnew || isRetry ? 0 : this.triesOf(last)
      const next: Turn = { batch, turn, triesBefore, is: 'open', result: null }
      request.turns.push(next)
      // The newest question is asked once more, or the first one, or a further one.
      const again = request.questions.find((question) => (isRetry ? question.turn === 0 : question.asked === last))
      if (!again || isAnew) request.questions.push({ turn, asked: next })
      else again.asked = next
    }
    this.batches.push(batch)
  }

  /** The results of a batch: a held one keeps what is to be sent again until a person has decided. */
  settle(batch: NaiveBatch, results: ReadonlyMap<number, RequestResult>, isHeld: boolean): void {
    for (const [ordinal, result] of results) {
      const turn = this.turnIn(ordinal, batch)
      turn.result = result
      if (result.verdict === 'final') turn.is = 'answered'
      else turn.is = isHeld ? 'waiting' : 'returned'
    }
    batch.is = isHeld ? 'held' : 'done'
  }

  release(batch: NaiveBatch): void {
    for (const ordinal of batch.ordinals) {
      const turn = this.turnIn(ordinal, batch)
      if (turn.is !== 'answered') turn.is = 'returned'
    }
    batch.is = 'done'
  }

  /** What was never sent, and what waits to be sent again, is given up; nobody wishes for anything any more. */
  cancelUnsent(): void {
    for (const { turns } of this.requests) {
      const last = turns.at(-1)
      if (last?.is === 'returned' || (last?.is === 'open' && last.batch.is === 'planned')) last.is = 'given up'
    }
    for (const batch of this.batches) if (batch.is === 'planned') batch.is = 'done'
    this.wishes = []
  }

  turnIn(ordinal: number, batch: NaiveBatch): Turn {
    const turn = this.request(ordinal).turns.find((one) => one.batch === batch)
    if (!turn) throw new RangeError(`request ${ordinal} is not in batch ${batch.number}`)
    return turn
  }

  lastOf({ turns }: NaiveRequest): Turn {
    const last = turns.at(-1)
    if (!last) throw new RangeError('the request is in no batch')
    return last
  }

  triesOf({ result, triesBefore }: Turn): number {
    return triesBefore + (result?.countsAsTry ? 1 : 0)
  }

  /** Where a question stands by one of its turns. */
  stateIn({ is, result, turn }: Turn): RequestState {
    if (is === 'open' || is === 'waiting') return 'batched'
    if (is === 'returned') return 'pending'
    const status = is === 'given up' ? 'cancelled' : (result?.status ?? 'cancelled')
    if (turn > 0 && status !== 'succeeded') return 'invalid'
    return status
  }

  stateOf(request: NaiveRequest): RequestState {
    return this.stateIn(this.lastOf(request))
  }

  /** The newest wish that a request be sent again; null where there is none. */
  wishOf(request: NaiveRequest): Reopening | null {
    return this.wishes.filter((wish) => this.fits(request, wish)).at(-1) ?? null
  }

  fits(request: NaiveRequest, { billed, statuses, upToBatch }: Reopening): boolean {
    const last = request.turns.at(-1)
    if (!last || last.batch.number > upToBatch) return false
    const isBilled = this.finalOf(last)?.billed ?? 'no'
    return statuses.some((status) => status === this.stateOf(request)) && billed.includes(isBilled)
  }

  /** How many rows a wish would have sent again. */
  rowsFor(wish: Reopening): number {
    return this.requests.filter((request) => this.fits(request, wish)).reduce((sum, { rows }) => sum + rows, 0)
  }

  finalOf({ is, result }: Turn): RequestResult | null {
    return is === 'answered' ? result : null
  }

  isWaiting(request: NaiveRequest): boolean {
    return this.stateOf(request) === 'pending' || this.wishOf(request) !== null
  }

  mayBeAsked(request: NaiveRequest): boolean {
    const last = this.lastOf(request)
    return this.finalOf(last)?.status === 'invalid' && last.turn < this.maxReasks
  }

  isReaskable(request: NaiveRequest): boolean {
    return this.mayBeAsked(request) && this.wishOf(request) === null
  }

  ordinals(isWanted: (request: NaiveRequest) => boolean): readonly number[] {
    return this.requests.filter(isWanted).map(({ ordinal }) => ordinal)
  }

  counts(skipped: number) {
    const counts: Record<string, number> = { ...sampleCounts(), skipped }
    for (const request of this.requests) {
      const isPending = this.isWaiting(request) || this.isReaskable(request)
      const state = isPending ? 'pending' : this.stateOf(request)
      counts[state] = (counts[state] ?? 0) + request.rows
    }
    return counts
  }

  /** What a row shows: its newest question, or, where that is done and has brought nothing, the last answer before. */
  shownOf(request: NaiveRequest) {
    const last = this.lastOf(request)
    const state = this.stateOf(request)
    if (this.wishOf(request)) return { turn: last, state: 'pending', result: null }
    const hasFailed = last.turn > 0 && state === 'invalid' && this.finalOf(last)?.status !== 'invalid'
    const before = request.turns.filter((turn) => ['succeeded', 'invalid'].includes(this.finalOf(turn)?.status ?? ''))
    const turn = hasFailed ? (before.at(-1) ?? last) : last
    return { turn, state, result: this.finalOf(turn) }
  }

  /** All questions of a request, the newest last; null where there is one. */
  questionsOf(request: NaiveRequest): readonly Turn[] | null {
    const last = this.lastOf(request)
    const asked = request.questions.map((question) => question.asked)
    return asked.length < 2 ? null : [...asked.filter((turn) => turn !== last), last]
  }
}
