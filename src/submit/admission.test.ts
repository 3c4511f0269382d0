import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { QueueBelief, QueueLoad, QueueState } from '../store/port/queue.ts'
import { type AdmissionTerms, admit, afterRefusal, batchShare, type QueueLimits } from './admission.ts'

const NOW = 1_000_000_000
const RECHECK_MS = 15_000
const LIMITS: QueueLimits = { tokens: 1_000, requests: null, requestsPer: 'model' }
const TERMS: AdmissionTerms = { limits: LIMITS, model: 'gpt-6-luna', now: NOW, recheckMs: RECHECK_MS }

const BELIEF: QueueBelief = {
  tokens: 1_000,
  learntAt: NOW,
  learntFrom: 'Limit: 1,000 enqueued tokens',
  isInDoubt: true,
  hasProber: false,
  refusals: 1,
  refusalsAlone: 0,
  tokensInFlight: 500,
  tryAt: NOW + 60_000,
}

function queue(parts: Partial<QueueState> = {}): QueueState {
  return {
    batch: { tokens: 100, requests: 10 },
    inFlight: { tokens: 500, requests: 50 },
    accountRequests: 50,
    unanswered: [],
    ahead: [],
    belief: null,
    isCalibrated: true,
    ...parts,
  }
}

describe('batches that only their number of requests tells apart', () => {
  it.each<[string, QueueState['unanswered'], number, string | null]>([
    ['nothing else is without an answer', [], 10, null],
    ['others are, of other sizes', [{ requests: 9, isInDoubt: true, isHeld: false }], 10, null],
    ['one of the same size is being created', [{ requests: 10, isInDoubt: false, isHeld: false }], 10, 'same_count'],
    ['one of the same size is in doubt', [{ requests: 10, isInDoubt: true, isHeld: true }], 10, 'count_in_doubt'],
    ['one request cannot be cut', [{ requests: 1, isInDoubt: true, isHeld: false }], 1, 'same_count'],
    ['one request waits for one that is held', [{ requests: 1, isInDoubt: true, isHeld: true }], 1, 'count_held'],
  ])('are created when %s, and else wait or are cut', (_, unanswered, requests, expected) => {
    const state = queue({ unanswered, batch: { tokens: 100, requests } })
    const admission = admit(state, { ...TERMS, isCounted: true })
    expect(admission.isAdmitted ? null : admission.wait.code).toBe(expected)
    expect(admit(state, TERMS).isAdmitted).toBe(true)
  })
})

describe('admit', () => {
  it.each<[string, Partial<QueueState>, Partial<QueueLimits>, boolean]>([
    ['what fits', {}, {}, true],
    ['anything where no limit is known', { inFlight: { tokens: 9e9, requests: 9e9 } }, { tokens: null }, true],
    ['a batch for which the rest is too small', { inFlight: { tokens: 901, requests: 5 } }, {}, false],
    ['a batch that would use the margin', { inFlight: { tokens: 880, requests: 5 } }, {}, false],
    ['the same again at the edge of the margin', { inFlight: { tokens: 870, requests: 5 } }, {}, true],
    [
      'as much before estimates are calibrated',
      { inFlight: { tokens: 870, requests: 5 }, isCalibrated: false },
      {},
      false,
    ],
    [
      'one request above the limit, alone',
      { batch: { tokens: 5_000, requests: 1 }, inFlight: { tokens: 0, requests: 0 } },
      {},
      true,
    ],
    ['one request above the limit, beside others', { batch: { tokens: 5_000, requests: 1 } }, {}, false],
    ['too many requests of the model', {}, { requests: 59 }, false],
    ['as many requests as may wait', {}, { requests: 60 }, true],
    ['too many requests of all models', { accountRequests: 95 }, { requests: 100, requestsPer: 'account' }, false],
    ['other models where each counts alone', { accountRequests: 95 }, { requests: 100 }, true],
    ['a batch that began to wait later', { ahead: [{ since: 1, nextAt: NOW }] }, {}, false],
    ['a batch behind one whose process is gone', { ahead: [{ since: 1, nextAt: NOW - 61_000 }] }, {}, true],
    ['a batch behind one whose clock was ahead', { ahead: [{ since: 1, nextAt: NOW + 90 * 86_400_000 }] }, {}, true],
    [
      'a batch behind one that waits until the queue is tried again',
      {
        ahead: [{ since: 1, nextAt: NOW + 3_600_000 }],
        belief: { ...BELIEF, tokensInFlight: 600, tryAt: NOW + 3_600_000 },
      },
      {},
      false,
    ],
    ['a batch while another one probes', { belief: { ...BELIEF, hasProber: true } }, {}, false],
    ['a batch soon after a refusal', { belief: BELIEF }, {}, false],
    ['a batch after a refusal, once others ended', { belief: { ...BELIEF, tokensInFlight: 600 } }, {}, true],
    ['a batch after the wait', { belief: { ...BELIEF, tryAt: NOW } }, {}, true],
    ['what a learnt limit forbids', { belief: { ...BELIEF, isInDoubt: false, tokens: 599 } }, {}, false],
    ['what an outdated one forbade', { belief: { ...BELIEF, isInDoubt: false, tokens: 599, learntAt: 0 } }, {}, true],
    [
      'what a learnt limit above the configured one allows',
      { inFlight: { tokens: 950, requests: 1 }, belief: { ...BELIEF, isInDoubt: false, tokens: 9_000 } },
      {},
      false,
    ],
  ])('judges %s', (_, parts, limits, isAdmitted) => {
    const admission = admit(queue(parts), { ...TERMS, limits: { ...LIMITS, ...limits } })
    expect(admission.isAdmitted).toBe(isAdmitted)
  })

  it('has a batch that is too large a part of the queue cut, also while others wait', () => {
    const large = queue({ batch: { tokens: 400, requests: 2 }, ahead: [{ since: 1, nextAt: NOW }] })
    expect(admit(large, TERMS)).toMatchObject({ wait: { code: 'too_large', words: expect.stringContaining('400') } })
  })

  it('says how much is taken, and when to ask again', () => {
    const full = admit(queue({ inFlight: { tokens: 1_950_000, requests: 50 } }), {
      ...TERMS,
      limits: { ...LIMITS, tokens: 2_000_000 },
    })
    expect(full).toEqual({
      isAdmitted: false,
      wait: {
        code: 'queue_full',
        words: 'about 1,950,000 of 2,000,000 input tokens are taken, this batch needs 100',
        nextAt: NOW + RECHECK_MS,
      },
    })
  })

  it('asks again not before the queue is to be tried again', () => {
    expect(admit(queue({ belief: BELIEF }), TERMS)).toMatchObject({ wait: { nextAt: BELIEF.tryAt } })
  })
})

describe('a refused batch', () => {
  it.each<[string, QueueLoad, Partial<QueueBelief>, string]>([
    ['is cut where it is a large part of the limit', { tokens: 900, requests: 9 }, {}, 'split'],
    ['waits where others may be in the way', { tokens: 100, requests: 9 }, {}, 'wait'],
    ['waits where one request is all it has', { tokens: 900, requests: 1 }, {}, 'wait'],
    ['waits after some refusals alone', { tokens: 100, requests: 9 }, { refusalsAlone: 11 }, 'wait'],
    ['is held when nothing of ours is ever in the queue', { tokens: 100, requests: 9 }, { refusalsAlone: 12 }, 'hold'],
    ['gets as many tries again after a person has looked', { tokens: 100, requests: 9 }, { refusalsAlone: 13 }, 'wait'],
  ])('%s', (_, load, parts, expected) => {
    expect(afterRefusal(load, { ...BELIEF, ...parts }, LIMITS, NOW)).toBe(expected)
  })
})

describe('several runs that share one queue', () => {
  const sizes = fc.array(
    fc.record({ tokens: fc.integer({ min: 1, max: 3_000 }), requests: fc.integer({ min: 1, max: 50 }) }),
    { maxLength: 12 },
  )
  const shapes = fc.record({
    limit: fc.integer({ min: 10, max: 2_000 }),
    requests: fc.option(fc.integer({ min: 5, max: 120 })),
    runs: fc.array(sizes, { minLength: 1, maxLength: 4 }),
    isCalibrated: fc.boolean(),
    choices: fc.infiniteStream(fc.nat(1_000)),
  })

  it('never go above a limit, never wait for ever, and take turns', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const world = new World(shape)
        // Every batch may have to wait for every other one, and each is cut a few times at most.
        for (let round = 0; !world.isDone; round += 1) {
          world.goRound()
          if (round === MOST_ROUNDS || world.faults.length > 0) break
        }
        expect(world.isDone).toBe(true)
        expect(world.faults).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

/** More than all batches, each cut down to single requests, take. */
const MOST_ROUNDS = 20_000

interface Shape {
  readonly limit: number
  readonly requests: number | null
  readonly runs: readonly (readonly QueueLoad[])[]
  readonly isCalibrated: boolean
  readonly choices: Iterator<number>
}

interface Waiter extends QueueLoad {
  since: number
}

/** What stores and processes do around the rule, with time in whole rounds. */
class World {
  readonly #shape: Shape
  readonly #runs: Waiter[][]
  /** What a rule that works never lets happen. */
  readonly faults: string[] = []
  readonly #inFlight: QueueLoad[] = []
  #now = NOW

  constructor(shape: Shape) {
    this.#shape = shape
    this.#runs = shape.runs.map((batches) => batches.map((batch) => ({ ...batch, since: Number.POSITIVE_INFINITY })))
  }

  get isDone(): boolean {
    return this.#inFlight.length === 0 && this.#runs.every((waiting) => waiting.length === 0)
  }

  /** Every run asks for its first batch, in any order; then one batch at the provider ends. */
  goRound(): void {
    this.#now += 1_000
    const order = this.#runs.map((run) => ({ run, place: this.#choose(1_000) })).sort((a, b) => a.place - b.place)
    let hasMoved = false
    for (const { run } of order) hasMoved = this.#ask(run) || hasMoved
    if (this.#inFlight.length > 0) this.#inFlight.splice(this.#choose(this.#inFlight.length), 1)
    // With nothing in flight a batch must have been admitted or cut: otherwise they would wait for each other for ever.
    else if (!hasMoved && !this.isDone) this.faults.push('nothing is in flight and no batch may go on')
  }

  #choose(most: number): number {
    return Number(this.#shape.choices.next().value) % most
  }

  #ask(run: Waiter[]): boolean {
    const [batch] = run
    if (!batch) return false
    const { limit: tokens, requests } = this.#shape
    const limits: QueueLimits = { tokens, requests, requestsPer: 'model' }
    const before = this.#load()
    const admission = admit(this.#stateFor(batch, before), { ...TERMS, limits, now: this.#now })
    if (admission.isAdmitted) {
      run.shift()
      this.#checkLimits(before, batch)
      this.#inFlight.push(batch)
      return true
    }
    if (admission.wait.code === 'too_large') run.splice(0, 1, ...halves(batch))
    else batch.since = Math.min(batch.since, this.#now)
    return admission.wait.code === 'too_large'
  }

  #checkLimits(before: QueueLoad, batch: Waiter): void {
    const { limit, requests } = this.#shape
    const isOver =
      before.tokens + batch.tokens > limit || (requests !== null && before.requests + batch.requests > requests)
    if (isOver && (before.requests > 0 || batch.requests > 1)) this.faults.push('the queue is above a limit')
    const earliest = Math.min(...this.#runs.map(([first]) => first?.since ?? Number.POSITIVE_INFINITY))
    if (batch.since > earliest) this.faults.push('a batch went before one that has waited longer')
  }

  #load(): QueueLoad {
    return {
      tokens: this.#inFlight.reduce((sum, { tokens }) => sum + tokens, 0),
      requests: this.#inFlight.reduce((sum, { requests }) => sum + requests, 0),
    }
  }

  #stateFor(batch: Waiter, inFlight: QueueLoad): QueueState {
    const ahead = this.#runs
      .flatMap(([first]) => (first && first !== batch && first.since < batch.since ? [first] : []))
      .map(({ since }) => ({ since, nextAt: this.#now + RECHECK_MS }))
    const { isCalibrated } = this.#shape
    return queue({ batch, inFlight, accountRequests: inFlight.requests, ahead, isCalibrated })
  }
}

function halves({ requests, tokens }: QueueLoad): Waiter[] {
  const first = Math.ceil(requests / 2)
  const since = Number.POSITIVE_INFINITY
  const share = Math.round((tokens * first) / requests)
  return [
    { requests: first, tokens: share, since },
    { requests: requests - first, tokens: tokens - share, since },
  ]
}

describe('batchShare', () => {
  it('lets eight batches into a queue, and is never nothing', () => {
    expect([batchShare(1_000_000), batchShare(3)]).toEqual([121_250, 1])
  })
})
