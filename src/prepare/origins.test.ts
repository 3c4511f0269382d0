import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleRun } from '../../test/support/run-records.ts'
import { answer } from '../../test/support/stored-run.ts'
import type { PreparedRow } from '../batching/prepared-row.ts'
import { DigestQueues } from '../lib/packed/digest-queues.ts'
import { Identities } from '../request/identity.ts'
import type { Carry, PricedAnswer } from './carry.ts'
import { type OriginOptions, tellOrigins } from './origins.ts'

const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

const bodyOf = (question: number): string => `{"messages":[{"role":"user","content":"Question ${question}"}]}`

const identities = new Identities()

function requestOf(body: string) {
  return { target: TARGET, body, mostOutputTokens: null, identity: identities.of(TARGET, body) }
}

function row(question: number | null, line: number): PreparedRow {
  const request = question === null ? null : requestOf(bodyOf(question))
  return {
    line,
    id: null,
    json: '{}',
    columns: { table: null, names: [] },
    file: null,
    problems: [],
    request,
    hasEmptyPlaceholders: false,
  }
}

/** An earlier run that has answered these questions, one request each. */
function earlier(questions: readonly number[]): Carry {
  const index = new DigestQueues()
  for (const [ordinal, question] of questions.entries()) index.add(identities.of(TARGET, bodyOf(question)), ordinal, 1)
  return {
    run: sampleRun(),
    openRows: 0,
    take: (identity) => index.take(identity),
    answersOf: async (ordinals) => ordinals.map(answerOf),
  }
}

/** An answer that is known again by its place. */
function answerOf(ordinal: number): PricedAnswer {
  return { place: { path: 'p', offset: ordinal, length: 1 }, result: answer(), costUsd: 1 }
}

async function tell(questions: readonly (number | null)[], options: Partial<OriginOptions>) {
  async function* chunks() {
    for (let at = 0; at < questions.length; at += 3) {
      yield questions.slice(at, at + 3).map((question, index) => row(question, at + index))
    }
  }
  const given = { dedupe: null, carry: null, isCounting: false, ...options }
  const told = tellOrigins({ shape: 'provider', rows: chunks() }, given)
  const rows: PreparedRow[] = []
  for await (const chunk of told.rows) rows.push(...chunk)
  return { rows, tally: told.tally }
}

const asked = fc.array(fc.option(fc.nat(4), { freq: 8 }), { maxLength: 24 })

describe('every row has one origin', () => {
  it('and no answer is bought, shared or carried over but for the very same question', async () => {
    await fc.assert(
      fc.asyncProperty(asked, fc.array(fc.nat(4), { maxLength: 8 }), fc.boolean(), async (questions, old, dedupe) => {
        const { rows, tally } = await tell(questions, { dedupe, carry: earlier(old), isCounting: true })
        expect(rows.map(({ line }) => line)).toEqual(questions.map((_, line) => line))
        /** What each request of the run asks, by its ordinal. */
        const requests: (number | null)[] = []
        const taken: number[] = []
        /** For each row the question that its answer was given to. */
        const answered = rows.map(({ origin, request }, at) => {
          if (origin?.from === 'row') return requests[origin.request]
          if (request) requests.push(questions[at] ?? null)
          if (origin) taken.push(origin.answer.place.offset)
          return origin ? old[origin.answer.place.offset] : questions[at]
        })
        expect(answered).toEqual(questions)
        // No answer goes to two requests; and where one is left, no other is bought.
        expect(new Set(taken).size).toBe(taken.length)
        const times = (list: readonly unknown[], question: number) => list.filter((one) => one === question).length
        for (const question of [0, 1, 2, 3, 4]) {
          const rowsAsking = times(questions, question)
          const requested = times(requests, question)
          expect(requested).toBe(dedupe ? Math.min(1, rowsAsking) : rowsAsking)
          const carried = taken.filter((ordinal) => old[ordinal] === question).length
          expect(carried).toBe(Math.min(requested, times(old, question)))
        }
        expect(tally.carried).toMatchObject({ rows: taken.length, costUsd: taken.length })
        const shared = tally.shared.reduce((sum, part) => sum + part.rows, 0)
        expect(requests.length + shared).toBe(questions.filter((question) => question !== null).length)
      }),
    )
  })
})

describe('what may be shared', () => {
  it('is only counted where nothing says that the answer is the same', async () => {
    const { rows, tally } = await tell([1, 2, 1, 1], { isCounting: true })
    expect(rows.filter(({ origin }) => origin)).toEqual([])
    expect([tally.shared, tally.sharable]).toMatchObject([[], [{ rows: 2 }]])
  })

  it('is counted among the first requests only where that is enough', async () => {
    const { tally } = await tell([1, 2, 1, 3, 3, 3], { isCounting: true, mostCounted: 3 })
    expect(tally.sharable).toMatchObject([{ rows: 1 }])
  })

  it('is not even looked for where it is not asked for', async () => {
    const { rows, tally } = await tell([1, 1], { dedupe: false })
    expect(rows.filter(({ origin }) => origin)).toEqual([])
    expect(tally.sharable).toEqual([])
  })
})
