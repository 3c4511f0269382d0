import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnswerLength } from '../prices/answer-length.ts'
import { findPrice } from '../prices/cost.ts'
import type { SpendingStanding, SpendingSum } from '../store/port/money.ts'
import { allowanceOf, dayAfter, dayOf, INPUT_MARGIN, judge, OUTPUT_MARGIN } from './budget.ts'

/** A dollar for a million tokens in, five for a million out; half of that in batches. */
const PRICE = findPrice('openai', 'gpt-6.1-terra')

const EXPECTED: AnswerLength = { tokens: 100, basis: 'assumed' }

const SIZE = { requests: 1_000, inputTokens: 800_000, mostOutputTokens: 500_000 }

const NOTHING: SpendingSum = { settled: 0, reserved: 0, inFlight: 0, unknown: 0 }

function standing(parts: { run?: Partial<SpendingSum>; day?: Partial<SpendingSum> }): SpendingStanding {
  return { run: { ...NOTHING, ...parts.run }, sinceThen: { ...NOTHING, ...parts.day } }
}

describe('allowanceOf', () => {
  it('takes the worst case where answers are limited', () => {
    expect(allowanceOf(SIZE, { price: PRICE, expected: EXPECTED, kind: 'batch' })).toEqual({
      micros: (800_000 * INPUT_MARGIN + 500_000 * 5) / 2,
      outputTokens: 500_000,
      basis: 'worst_case',
    })
  })

  it('takes what is expected and a margin where they are not', () => {
    const size = { ...SIZE, mostOutputTokens: null }
    const outputTokens = 100 * 1_000 * OUTPUT_MARGIN
    expect(allowanceOf(size, { price: PRICE, expected: EXPECTED, kind: 'batch' })).toEqual({
      micros: (800_000 * INPUT_MARGIN + outputTokens * 5) / 2,
      outputTokens,
      basis: 'assumed',
    })
  })

  it('counts requests that are long on the whole at the rates of long input', () => {
    const long = PRICE && { ...PRICE, longContext: { aboveTokens: 1_000, inputFactor: 2, outputFactor: 1.5 } }
    const expected = { tokens: 1, basis: 'assumed' } as const
    const micros = (inputTokens: number) =>
      allowanceOf({ requests: 10, inputTokens, mostOutputTokens: 0 }, { price: long, expected, kind: 'batch' })
        .micros ?? 0
    // A quarter is added to what is estimated.
    expect(micros(9_000) / micros(8_000)).toBeCloseTo((2 * 9) / 8, 2)
    expect(micros(8_000) / micros(4_000)).toBeCloseTo(2, 2)
  })

  it('counts direct calls in full, embeddings without output, and no price as unknown', () => {
    const direct = allowanceOf(SIZE, { price: PRICE, expected: EXPECTED, kind: 'direct' })
    const batch = allowanceOf(SIZE, { price: PRICE, expected: EXPECTED, kind: 'batch' })
    expect(direct.micros).toBe(2 * (batch.micros ?? 0))
    const embeddings = {
      price: findPrice('openai', 'text-embedding-3-small'),
      expected: EXPECTED,
      kind: 'batch',
    } as const
    expect(allowanceOf({ ...SIZE, mostOutputTokens: null }, embeddings)).toMatchObject({
      micros: (800_000 * INPUT_MARGIN * 0.02) / 2,
      basis: 'worst_case',
    })
    expect(allowanceOf(SIZE, { price: null, expected: EXPECTED, kind: 'batch' }).micros).toBeNull()
  })
})

describe('judge', () => {
  const asked = { name: 'batch 3', micros: 2_000_000 }

  it.each<[string, SpendingStanding, { runMicros?: number; dayMicros?: number }, object | null]>([
    ['there is no cap', standing({ run: { settled: 9e9 } }), {}, null],
    ['it fits to the last millionth', standing({ run: { settled: 3e6, reserved: 5e6 } }), { runMicros: 10e6 }, null],
    [
      'a millionth is missing',
      standing({ run: { settled: 3_000_001, reserved: 5e6, inFlight: 0 } }),
      { runMicros: 10e6 },
      { kind: 'over_budget', mayFitLater: false },
    ],
    [
      'what is in flight may leave room',
      standing({ run: { settled: 3e6, reserved: 6e6, inFlight: 4e6 } }),
      { runMicros: 10e6 },
      { kind: 'over_budget', mayFitLater: true },
    ],
    [
      'nothing in flight can leave enough room',
      standing({ run: { settled: 8.5e6, reserved: 1e6, inFlight: 1e6 } }),
      { runMicros: 10e6 },
      { kind: 'over_budget', mayFitLater: false },
    ],
    [
      'all runs have used up the day',
      standing({ run: { settled: 0 }, day: { settled: 9e6 } }),
      { runMicros: 10e6, dayMicros: 10e6 },
      { kind: 'over_day_budget', mayFitLater: false },
    ],
    [
      'an earlier call had no price',
      standing({ run: { unknown: 1 } }),
      { runMicros: 10e6 },
      { kind: 'price_unknown', calls: 1 },
    ],
  ])('where %s', (_name, found, { dayMicros = null, runMicros = null }, expected) => {
    expect([judge(asked, found, { runMicros, dayMicros })]).toMatchObject([expected])
  })

  it('refuses under a cap what has no price', () => {
    const refusal = judge({ name: 'batch 1', micros: null }, standing({}), { runMicros: 1, dayMicros: null })
    expect(refusal).toMatchObject({ kind: 'price_unknown', what: 'batch 1', calls: null })
    expect(judge({ name: 'batch 1', micros: null }, standing({}), { runMicros: null, dayMicros: null })).toBeNull()
  })

  it('tells the numbers', () => {
    const found = standing({ run: { settled: 1_234_567, reserved: 500_000 } })
    expect(judge(asked, found, { runMicros: 3_000_000, dayMicros: null })).toEqual({
      kind: 'over_budget',
      what: 'batch 3',
      micros: 2_000_000,
      cap: 3_000_000,
      settled: 1_234_567,
      reserved: 500_000,
      mayFitLater: false,
    })
  })
})

describe('a budget', () => {
  /** A call that asks for so much, in the end costs that share of it, and what happens before. */
  const calls = fc.array(
    fc.record({
      micros: fc.integer({ min: 1, max: 1_000 }),
      /** Above one only where answers have no limit of tokens. */
      share: fc.double({ min: 0, max: 3, noNaN: true }),
      /** Which of the open calls end before it is asked for, and how. */
      ends: fc.array(fc.tuple(fc.nat(9), fc.constantFrom('settled', 'not_created', 'in_doubt'))),
    }),
    { maxLength: 40 },
  )
  const cap = fc.integer({ min: 500, max: 5_000 })

  it('is never exceeded by worst cases, whatever ends when', () => {
    fc.assert(
      fc.property(calls, cap, (given, runMicros) => {
        const book = new Book(runMicros)
        for (const call of given) {
          book.play({ ...call, share: Math.min(1, call.share) })
          expect(book.settled + book.reserved).toBeLessThanOrEqual(runMicros)
        }
      }),
    )
  })

  it('is overshot at most by what the calls in flight cost above what was set aside for them', () => {
    fc.assert(
      fc.property(calls, cap, (given, runMicros) => {
        const book = new Book(runMicros)
        for (const call of given) {
          book.play(call)
          expect(book.settled + book.reserved).toBeLessThanOrEqual(runMicros + book.overshootInFlight)
        }
      }),
    )
  })

  it('always lets through what fits when everything has ended', () => {
    fc.assert(
      fc.property(calls, cap, (given, runMicros) => {
        const book = new Book(runMicros)
        for (const call of given) book.play({ ...call, share: 0, ends: [] })
        book.endAll()
        expect(judge({ name: 'batch', micros: runMicros }, book.standing(), book.caps)).toBeNull()
      }),
    )
  })
})

interface Call {
  readonly micros: number
  readonly share: number
}

/** Keeps accounts as the store does. */
class Book {
  readonly caps: { readonly runMicros: number; readonly dayMicros: null }
  settled = 0
  /** What the calls that were in flight when the last one was let through may cost above what was set aside. */
  overshootInFlight = 0
  readonly #open: Call[] = []
  #inDoubt = 0

  constructor(runMicros: number) {
    this.caps = { runMicros, dayMicros: null }
  }

  get reserved(): number {
    return this.#inDoubt + this.#open.reduce((sum, { micros }) => sum + micros, 0)
  }

  standing(): SpendingStanding {
    const inFlight = this.#open.reduce((sum, { micros }) => sum + micros, 0)
    return standing({ run: { settled: this.settled, reserved: this.reserved, inFlight } })
  }

  play({ ends, ...call }: Call & { readonly ends: readonly (readonly [number, string])[] }): void {
    for (const [place, how] of ends) this.#end(place, how)
    if (judge({ name: 'batch', micros: call.micros }, this.standing(), this.caps) !== null) return
    this.#open.push(call)
    this.overshootInFlight = this.#open.reduce((sum, one) => sum + Math.max(0, costOf(one) - one.micros), 0)
  }

  endAll(): void {
    while (this.#open.length > 0) this.#end(0, 'settled')
  }

  #end(place: number, how: string): void {
    const [call] = this.#open.splice(place, 1)
    if (!call) return
    if (how === 'settled') this.settled += costOf(call)
    if (how === 'in_doubt') this.#inDoubt += call.micros
  }
}

function costOf({ micros, share }: Call): number {
  return Math.ceil(micros * share)
}

describe('days', () => {
  it('begin at midnight UTC', () => {
    const noon = Date.UTC(2026, 10, 23, 12)
    expect(dayOf(noon)).toBe(Date.UTC(2026, 10, 23))
    expect(dayAfter(noon)).toBe(Date.UTC(2026, 10, 24))
  })
})
