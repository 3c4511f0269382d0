import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nonceFrom } from '../model/ids.ts'
import type { Problem } from '../model/problem.ts'
import { Driver } from './driver.ts'
import { migrate } from './migrations.ts'
import { insertBatch, insertRows } from './requests.ts'
import { insertResults, settleRequests } from './results.ts'
import { selectRowResults } from './row-results.ts'
import type { NewResult } from './store.ts'

/** The short ways of bulk statements, beside the rows they are not for. */

const PROBLEM: Problem = { code: 'invalid_json', line: 7, detail: 'not valid JSON' }
const RUN = 1

let folder: string
let driver: Driver

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-bulk-'))
  driver = new Driver(join(folder, 'state.db'))
  migrate(driver, folder, 0)
  driver.run(
    `insert into runs (key, id, state, definition, output, created_at) values (?, 'a', 'preparing', '{"baseUrl":""}', '{}', 0)`,
    RUN,
  )
})

afterEach(async () => {
  driver.close()
  await rm(folder, { recursive: true })
})

/** A batch that asks these rows, in this order, from the given ordinal on. */
function ask(rows: readonly number[], ordinal = 0, name = 'first'): void {
  const nonce = nonceFrom(Buffer.from(`${name} ${ordinal}`.padEnd(16)))
  insertBatch(driver, RUN, {
    target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' },
    requests: rows.map((row, at) => ({ ordinal: ordinal + at, row, offset: at * 100, length: 90 + at })),
    tokens: 1,
    tokenMethod: 'bytes',
    contentHash: 'hash',
    mostOutputTokens: null,
    attempt: { nonce, inputName: 'in', inputBytes: 1, inputSha256: 'sha', createdAt: 0 },
  })
}

function newRow(ordinal: number, parts: { id?: string; problem?: Problem } = {}) {
  return { ordinal, line: ordinal * 2 + 1, id: parts.id ?? null, problem: parts.problem ?? null }
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, at) => from + at)
}

describe('rows stored in bulk', () => {
  it('keep their lines, ids and problems, with any of them on one row only', () => {
    insertRows(
      driver,
      RUN,
      numbers(5).map((ordinal) => newRow(ordinal)),
    )
    insertRows(driver, RUN, [newRow(5), newRow(6, { id: 'six' })])
    insertRows(driver, RUN, [newRow(7, { problem: PROBLEM })])
    const read = selectRowResults(driver, RUN, -1, 100)
    expect(read.map(({ row: ordinal, line }) => [ordinal, line])).toEqual(numbers(8).map((at) => [at, at * 2 + 1]))
    expect(read.map(({ id }) => id)).toEqual([null, null, null, null, null, null, 'six', null])
    expect(read.map(({ problem }) => problem)).toEqual([...Array<null>(7).fill(null), PROBLEM])
  })

  it.each([
    ['row by row', [0, 1, 2, 3]],
    ['from a later row on', [4, 5, 6]],
    ['with a row left out', [0, 1, 3, 4]],
    ['backwards', [3, 2, 1]],
  ])('have the request that was asked for them, %s', (_, asked) => {
    insertRows(
      driver,
      RUN,
      numbers(8).map((ordinal) => newRow(ordinal)),
    )
    ask(asked, 10)
    const read = selectRowResults(driver, RUN, -1, 100)
    const expected = numbers(8).map((at) => (asked.includes(at) ? 10 + asked.indexOf(at) : null))
    expect(read.map(({ request }) => request)).toEqual(expected)
  })
})

describe('requests stored in bulk', () => {
  it.each([
    ['row by row', [0, 1, 2]],
    ['scattered', [2, 0, 1]],
  ])('cannot be in two living batches, %s', (_, asked) => {
    insertRows(
      driver,
      RUN,
      numbers(3).map((ordinal) => newRow(ordinal)),
    )
    ask(asked)
    expect(() => ask(asked, 0, 'again')).toThrow('3 requests are in another batch already')
  })
})

describe('results stored in bulk', () => {
  it('are each its own, however many are alike', () => {
    const count = 1_400
    insertRows(
      driver,
      RUN,
      numbers(count).map((ordinal) => newRow(ordinal)),
    )
    ask(numbers(count))
    const results = numbers(count).map(mixedResult)
    insertResults(driver, 1, results.toReversed())
    // Twice, as after a crash.
    insertResults(driver, 1, results)
    settleRequests(driver, RUN, { batchKey: 1, key: 1 }, 'all')
    const read = selectRowResults(driver, RUN, -1, count)
    expect(read.map((one) => one.result)).toEqual(
      results.map((result) => ({ ...result, countsAsTry: true, attemptKey: 1, nonce: expect.any(String) as string })),
    )
  })
})

/** In each way in which results can differ, enough of them to go together, and some that nothing is like. */
const VARIANTS: readonly Partial<NewResult>[] = [
  { status: 'truncated' },
  { code: 'length' },
  { reason: 'reason "\u2028"' },
  { billed: 'unknown' },
  { model: null },
  { file: 'error' },
]

function mixedResult(ordinal: number): NewResult {
  return {
    ordinal,
    status: 'succeeded',
    code: null,
    reason: null,
    billed: 'yes',
    promptTokens: ordinal % 5 === 0 ? null : ordinal,
    completionTokens: ordinal + 1,
    cachedTokens: ordinal % 3 === 0 ? 0 : null,
    reasoningTokens: ordinal % 4 === 0 ? 2 ** 40 : null,
    model: 'gpt-6.1-terra-2026-08-07',
    file: 'output',
    offset: ordinal * 2 ** 33,
    length: ordinal,
    verdict: 'final',
    countsAsTry: true,
    // Beside each a plain one, so that neighbours differ in one thing only.
    ...(ordinal % 2 === 0 ? {} : VARIANTS[((ordinal - 1) / 2) % VARIANTS.length]),
    ...(ordinal % 97 === 0 ? { code: `code ${ordinal}` } : {}),
  }
}
