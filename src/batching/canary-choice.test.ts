import { describe, expect, it } from 'vitest'
import { CanaryChoice, readAhead } from './canary-choice.ts'
import type { PlannableRequest, PreparedRow } from './prepared-row.ts'

const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }
const SETTINGS = { isOn: true, aboveRequests: 5, requests: 2 }

function request(body: object, target = TARGET): PlannableRequest {
  return { target, body: JSON.stringify(body), mostOutputTokens: null, identity: '' }
}

function row(index: number, characters = 1): PreparedRow {
  return {
    line: index + 1,
    id: null,
    json: '{}',
    columns: { table: null, names: [] },
    file: null,
    problems: [],
    request: request({ messages: 'x'.repeat(characters) }),
    hasEmptyPlaceholders: false,
  }
}

async function* lists(...sizes: readonly number[]): AsyncIterable<readonly PreparedRow[]> {
  let next = 0
  for (const size of sizes) {
    yield Array.from({ length: size }, (_, index) => row(next + index))
    next += size
  }
}

async function linesOf(rows: AsyncIterable<readonly PreparedRow[]>): Promise<readonly number[]> {
  const lines: number[] = []
  for await (const list of rows) lines.push(...list.map(({ line }) => line))
  return lines
}

describe('reading ahead', () => {
  it.each([
    [[5], false],
    [[6], true],
    [[3, 3], true],
    [[2, 2], false],
    [[], false],
  ])('of lists of %j rows finds whether there are more than five: %s', async (sizes, isLarge) => {
    const ahead = await readAhead(lists(...sizes), 5)
    expect(ahead.isLarge).toBe(isLarge)
    const all = sizes.reduce((sum, size) => sum + size, 0)
    expect(await linesOf(ahead.rows)).toEqual(Array.from({ length: all }, (_, index) => index + 1))
  })

  it('goes no further than needed', async () => {
    let taken = 0
    const endless = async function* (): AsyncIterable<readonly PreparedRow[]> {
      for (;;) yield [row(taken++)]
    }
    expect((await readAhead(endless(), 5)).isLarge).toBe(true)
    expect(taken).toBe(6)
  })

  it('takes rows that are large in themselves for a large input', async () => {
    const heavy = async function* (): AsyncIterable<readonly PreparedRow[]> {
      for (let index = 0; index < 5; index += 1) yield [row(index, 12_000_000)]
    }
    expect((await readAhead(heavy(), 1_000)).isLarge).toBe(true)
  })
})

describe('the choice of rows that are asked directly', () => {
  const everywhere = (): boolean => true
  const chosen = (choice: CanaryChoice, bodies: readonly object[]): readonly boolean[] =>
    bodies.map((body) => choice.setFor(request(body)) !== null)

  it('takes the first few of a run with one set of parameters', () => {
    const choice = new CanaryChoice(SETTINGS, 'records', everywhere)
    expect(chosen(choice, [{ a: 1 }, { a: 2 }, { a: 3 }])).toEqual([true, true, false])
  })

  it('takes the first few of each set, whatever the rows say and in whatever order', () => {
    const choice = new CanaryChoice(SETTINGS, 'provider', everywhere)
    const warm = { temperature: 1, messages: ['a'], seed: 1 }
    const cold = { messages: ['b'], temperature: 0.1, seed: 2 }
    expect(chosen(choice, [warm, cold, { ...warm, seed: 3 }, warm, cold, cold])).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
    ])
  })

  it('does not ask row by row where every row has parameters of its own', () => {
    const choice = new CanaryChoice(SETTINGS, 'provider', everywhere)
    const bodies = Array.from({ length: 20 }, (_, index) => ({ max_tokens: index }))
    expect(chosen(choice, bodies).filter(Boolean)).toHaveLength(5)
  })

  it('takes none where an endpoint cannot be called with a line of a batch', () => {
    const choice = new CanaryChoice(SETTINGS, 'records', () => false)
    expect(choice.setFor(request({}))).toBeNull()
  })

  it('keeps targets apart', () => {
    const choice = new CanaryChoice(SETTINGS, 'records', everywhere)
    const sets = ['a', 'b'].map((model) => choice.setFor(request({}, { ...TARGET, model })))
    expect(new Set(sets).size).toBe(2)
  })
})
