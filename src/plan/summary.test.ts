import { describe, expect, it } from 'vitest'
import type { Target } from '../model/target.ts'
import { findPrice } from '../prices/cost.ts'
import { estimateDiskBytes } from './disk-space.ts'
import type { BatchCut } from './splitter.ts'
import { summarisePlan, type TargetFacts } from './summary.ts'
import { RequestTally, type TargetTally } from './tally.ts'
import { estimateTokens } from './tokens.ts'

const KNOWN: Target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

const UNKNOWN: Target = { ...KNOWN, model: 'my-own' }

const EMBEDDING: Target = { provider: 'openai', endpoint: '/v1/embeddings', model: 'text-embedding-3-small' }

const COUNTS = { rows: 5, problems: 1, emptyPlaceholders: 2, rowBytes: 1_000, maxTokens: 100 }

const CUTS: readonly BatchCut[] = [
  { ordinal: 0, target: KNOWN, requests: 2, bytes: 400, tokens: 1_000_000 },
  { ordinal: 1, target: UNKNOWN, requests: 1, bytes: 200, tokens: 50 },
  { ordinal: 2, target: KNOWN, requests: 2, bytes: 100, tokens: 1_000_000 },
]

const ONLY_KNOWN = CUTS.filter(({ target }) => target === KNOWN)

const TALLY: TargetTally = { mostOutputTokens: 400, sharedCharacters: 0, outputBytes: 0, firstBody: '{}' }

/** What is known of targets: 60 tokens an answer are expected, 100 the maximum is. */
function facts(tally: Partial<TargetTally> = {}, parts: Partial<TargetFacts> = {}) {
  return ({ model, provider }: Target): TargetFacts => ({
    price: findPrice(provider, model),
    expectedAnswer: { tokens: 60, basis: 'earlier_runs' },
    tally: { ...TALLY, ...tally },
    queueTokens: null,
    ...parts,
  })
}

describe('summarisePlan', () => {
  it('adds up batches by target, in the order of their first batch', () => {
    const summary = summarisePlan(COUNTS, CUTS, facts())
    expect(summary).toMatchObject({
      rows: 5,
      requests: 5,
      problems: 1,
      emptyPlaceholders: 2,
      batches: 3,
      bytes: 700,
      tokens: 2_000_050,
    })
    expect(
      summary.targets.map(({ target, requests, batches, bytes }) => [target.model, requests, batches, bytes]),
    ).toEqual([
      ['gpt-6.1-terra', 4, 2, 500],
      ['my-own', 1, 1, 200],
    ])
  })

  it('estimates what is expected and the most, at the batch price and in full', () => {
    const { cost, expectedOutputTokens, mostOutputTokens } = summarisePlan(COUNTS, ONLY_KNOWN, facts())
    expect({ expectedOutputTokens, mostOutputTokens }).toEqual({ expectedOutputTokens: 240, mostOutputTokens: 400 })
    expect(cost?.expectedUsd).toBeCloseTo((2_000_000 + 240 * 5) / 2e6, 12)
    expect(cost?.mostUsd).toBeCloseTo((2_000_000 + 400 * 5) / 2e6, 12)
    expect(cost?.synchronousUsd).toBeCloseTo((2_000_000 + 240 * 5) / 1e6, 12)
    expect(cost?.synchronousMostUsd).toBeCloseTo((2_000_000 + 400 * 5) / 1e6, 12)
  })

  it('expects no more than the most', () => {
    const { expectedOutputTokens } = summarisePlan(COUNTS, ONLY_KNOWN, facts({ mostOutputTokens: 40 }))
    expect(expectedOutputTokens).toBe(40)
  })

  it('adds what asking again may cost to the most, each question holding those before it, and not to what is expected', () => {
    const once = summarisePlan(COUNTS, ONLY_KNOWN, facts())
    const again = summarisePlan({ ...COUNTS, maxReasks: 2 }, ONLY_KNOWN, facts())
    const grown = 400 + 4 * 150
    const reasksUsd = (2 * 2_000_000 + 3 * grown + 2 * 400 * 5) / 2e6
    expect(again.reasks).toEqual({ turns: 2, mostUsd: expect.closeTo(reasksUsd, 12), isExpectedLength: false })
    expect(again.cost?.mostUsd).toBeCloseTo((once.cost?.mostUsd ?? 0) + reasksUsd, 12)
    expect(again.cost?.expectedUsd).toBe(once.cost?.expectedUsd)
    expect(once.reasks).toBeNull()
  })

  it('counts answers without limit as long as expected where they are asked for again', () => {
    const { cost, reasks } = summarisePlan({ ...COUNTS, maxReasks: 1 }, ONLY_KNOWN, facts({ mostOutputTokens: null }))
    expect(reasks).toMatchObject({ isExpectedLength: true, mostUsd: expect.any(Number) })
    expect(cost?.mostUsd).toBeNull()
  })

  it('counts direct calls in full', () => {
    const [first, second] = ONLY_KNOWN
    if (!first || !second) throw new Error('there are two batches')
    const { batches, cost, directRequests, requests } = summarisePlan(
      COUNTS,
      [{ ...first, kind: 'direct' }, second],
      facts(),
    )
    // They are no batch to a person.
    expect({ batches, directRequests, requests }).toEqual({ batches: 1, directRequests: 2, requests: 4 })
    expect(cost?.expectedUsd).toBeCloseTo(((cost?.synchronousUsd ?? 0) * 3) / 4, 12)
  })

  it('does not know the whole cost where one price is unknown, nor the most where an answer has no limit', () => {
    expect(summarisePlan(COUNTS, CUTS, facts())).toMatchObject({
      cost: null,
      advice: expect.arrayContaining([expect.stringContaining('the price of openai/my-own is unknown')]),
    })
    const unlimited = summarisePlan(COUNTS, ONLY_KNOWN, facts({ mostOutputTokens: null }))
    expect(unlimited).toMatchObject({ mostOutputTokens: null, cost: { mostUsd: null, synchronousMostUsd: null } })
    expect(unlimited.cost?.expectedUsd).toBeGreaterThan(0)
  })

  it('knows the most of what has no output', () => {
    const cuts = [{ ordinal: 0, target: EMBEDDING, requests: 9, bytes: 100, tokens: 1_000_000 }]
    const summary = summarisePlan(COUNTS, cuts, facts({ mostOutputTokens: null }))
    expect(summary.mostOutputTokens).toBe(0)
    expect(summary.cost?.mostUsd).toBeCloseTo(0.01, 12)
  })

  it('counts how often the queue is filled', () => {
    const { targets } = summarisePlan(COUNTS, ONLY_KNOWN, facts({}, { queueTokens: 900_000 }))
    expect(targets[0]?.queue).toEqual({ tokens: 900_000, rounds: 3 })
  })
})

describe('the advice of a plan', () => {
  const many = [{ ordinal: 0, target: KNOWN, requests: 1_000, bytes: 40_000_000, tokens: 10_000_000 }]

  it.each<[string, readonly BatchCut[], Partial<TargetTally>, RegExp[]]>([
    ['nothing where nothing is to be said', many, {}, []],
    [
      'parameters that the model refuses',
      many,
      { firstBody: '{"temperature":0.2,"top_p":1,"max_tokens":5}' },
      [/says that it refuses max_tokens, temperature;/],
    ],
    [
      'a shared beginning that synchronous calls would cache',
      many,
      { sharedCharacters: 38_000 },
      [/share a beginning of about 9,500 tokens: .* may cost \$0\.\d+ instead of \$5\.\d+/],
    ],
    ['no shared beginning shorter than what is cached', many, { sharedCharacters: 4_000 }, []],
  ])('names %s', (_name, cuts, tally, expected) => {
    const { advice } = summarisePlan(COUNTS, cuts, facts(tally))
    expect(advice).toEqual(expected.map((pattern) => expect.stringMatching(pattern)))
  })
})

describe('RequestTally', () => {
  it('finds the beginning that all bodies of a target share, and the most output', () => {
    const tally = new RequestTally()
    tally.add(KNOWN, '{"a":"same","b":1}', 10)
    tally.add(EMBEDDING, '{}', null)
    tally.add(KNOWN, '{"a":"same","b":2}', 20)
    expect(tally.of(KNOWN)).toEqual({
      mostOutputTokens: 30,
      sharedCharacters: 16,
      outputBytes: 0,
      firstBody: '{"a":"same","b":1}',
    })
    expect(tally.of(EMBEDDING).mostOutputTokens).toBeNull()
    expect(tally.of(UNKNOWN).mostOutputTokens).toBe(0)
  })
})

describe('estimateDiskBytes', () => {
  it('counts rows twice, inputs once, and something for every answer', () => {
    const sizes = { requests: 0, rowBytes: 1_000, inputBytes: 5_000, maxTokens: null, outputBytes: 0 }
    expect(estimateDiskBytes(sizes)).toBe(7_000)
    expect(estimateDiskBytes({ ...sizes, requests: 1 })).toBeGreaterThan(7_000)
    expect(estimateDiskBytes({ ...sizes, requests: 1, maxTokens: 5 })).toBeLessThan(
      estimateDiskBytes({ ...sizes, requests: 1 }),
    )
  })
})

describe('estimateTokens', () => {
  it.each([
    [0, 0],
    [1, 1],
    [4, 1],
    [4_000, 1_000],
  ])('of %i bytes is %i', (bytes, tokens) => {
    expect(estimateTokens(bytes)).toBe(tokens)
  })
})
