import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleDefinition } from '../../test/support/run-records.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import type { BatchKind } from '../model/batch.ts'
import { nonceFrom } from '../model/ids.ts'
import { PLAIN_OUTPUT, type RunDefinition } from '../model/run.ts'
import { Driver } from './driver.ts'
import { statePath } from './run-folder.ts'
import { openStore } from './sqlite-store.ts'
import type { NewBatchRecord, NewResult, Reopening, RunStore, Store } from './store.ts'

const PLAIN_RETRY: Reopening = { statuses: ['failed'], billed: ['no'], maxTokens: null, canaryAbove: null }

const DEFINITION = sampleDefinition({ temperature: 0 })

const OUTPUT = { ...PLAIN_OUTPUT, path: null }
const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

let home: string
let store: Store
let made = 0

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-sharing-'))
  store = await openStore({ home, disk: systemDisk, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

function batch(
  requests: readonly (readonly [ordinal: number, row: number])[],
  kind: BatchKind = 'batch',
): NewBatchRecord {
  made += 1
  const nonce = nonceFrom(Buffer.from(`nonce ${made}`.padEnd(16)))
  return {
    kind,
    target: TARGET,
    requests: requests.map(([ordinal, row], index) => ({ ordinal, row, offset: index * 100, length: 99 })),
    tokens: 25,
    tokenMethod: 'bytes',
    contentHash: `hash ${made}`,
    mostOutputTokens: null,
    attempt: { nonce, inputName: `${nonce}.jsonl`, inputBytes: 100, inputSha256: 'sha', createdAt: made },
  }
}

function result(ordinal: number, parts: Partial<NewResult> = {}): NewResult {
  return {
    ordinal,
    status: 'succeeded',
    code: null,
    reason: null,
    billed: 'yes',
    promptTokens: 10,
    completionTokens: 5,
    cachedTokens: null,
    reasoningTokens: null,
    model: null,
    file: 'output',
    offset: ordinal * 10,
    length: 9,
    verdict: 'final',
    countsAsTry: true,
    ...parts,
  }
}

/**
 * A sealed run whose rows ask these questions, identical ones shared: the first ones in a batch of this kind, `cut` of
 * them, the rest in another one.
 */
async function runOf(
  questions: readonly number[],
  kind: BatchKind = 'batch',
  cut = questions.length,
  parts: Partial<RunDefinition> = {},
): Promise<RunStore> {
  made += 1
  const id = `r${made}-2026-11-27`
  await store.createRun({ id, definition: { ...DEFINITION, ...parts }, output: OUTPUT, createdAt: made })
  const run = await store.write(id)
  const asked = new Map<number, number>()
  const requests: (readonly [number, number])[] = []
  const rows = questions.map((question, ordinal) => {
    const shares = asked.get(question) ?? null
    if (shares === null) {
      requests.push([asked.size, ordinal])
      asked.set(question, asked.size)
    }
    return { ordinal, line: ordinal + 1, id: null, problem: null, shares }
  })
  const first = requests.slice(0, cut)
  if (first.length > 0) await run.addBatch(batch(first, kind))
  await run.addRows(rows)
  if (requests.length > cut) await run.addBatch(batch(requests.slice(cut), kind))
  await run.sealRun({
    name: null,
    rowCount: rows.length,
    requestCount: requests.length,
    rowsHash: 'rows',
    requestsHash: 'requests',
    columns: [],
    files: [],
    carried: kind === 'carried' ? { from: 'old', rows: requests.length, costUsd: 1.5 } : null,
  })
  return run
}

/** Brings a batch, the first one unless said, to its end with these results. */
async function collect(run: RunStore, results: readonly NewResult[], at = 0): Promise<void> {
  const attempt = (await run.currentAttempts())[at]
  const key = attempt?.key ?? 0
  await run.moveAttempt(key, 'planned', 'submitted', { remoteId: `batch_${key}` })
  await run.moveAttempt(key, 'submitted', 'ended')
  await run.addResults(key, results)
  await run.settleAttempt(key, 'collected')
}

describe('rows that share a request', () => {
  it('are told with its answer, each once, and only the first without having shared it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }), fc.nat(6), async (questions, cut) => {
        const run = await runOf(questions, 'batch', cut)
        const rows = await run.rowResults(-1, 100)
        expect(rows.map(({ row }) => row)).toEqual(questions.map((_, row) => row))
        const ordinals = [...new Set(questions)]
        expect(rows.map(({ request }) => request)).toEqual(questions.map((question) => ordinals.indexOf(question)))
        expect(rows.map(({ isShared }) => isShared)).toEqual(
          questions.map((question, at) => questions.indexOf(question) < at),
        )
        expect((await run.counts()).batched).toBe(questions.length)
      }),
      { numRuns: 25 },
    )
  })

  it('are counted as rows in every state, and among the reasons of failure', async () => {
    const run = await runOf([7, 8, 7, 7])
    await collect(run, [result(0, { status: 'failed', code: 'bad', billed: 'no', file: null }), result(1)])
    expect(await run.counts()).toMatchObject({ failed: 3, succeeded: 1, batched: 0 })
    expect(await run.failureReasons(5)).toMatchObject([{ status: 'failed', code: 'bad', count: 3 }])
    expect(await run.usageByAttempt(1_000)).toMatchObject([{ results: 2, promptTokens: 20 }])
    expect(await run.reopenRequests(PLAIN_RETRY)).toBe(3)
    expect(await run.counts()).toMatchObject({ pending: 3, succeeded: 1 })
    expect(await run.pendingRequests(-1, 10)).toHaveLength(1)
    await run.cancelUnsent()
    expect(await run.counts()).toMatchObject({ cancelled: 3, succeeded: 1 })
  })
})

describe('a shared request that is asked again', () => {
  const INVALID = { status: 'invalid', code: 'schema_mismatch' } as const

  /** Rows 0, 2 and 3 ask the same, and were answered invalid; so they were asked again. */
  async function askedAgain(): Promise<RunStore> {
    const run = await runOf([7, 8, 7, 7], 'batch', 2, { maxReasks: 2 })
    await collect(run, [result(0, INVALID), result(1)])
    const again = batch([])
    await run.addBatch({ ...again, requests: [{ ordinal: 2, row: null, replaces: 0, offset: 0, length: 99 }] })
    return run
  }

  it('counts as all of its rows, before and after, and each row knows all that was asked', async () => {
    const run = await askedAgain()
    expect(await run.counts()).toMatchObject({ batched: 3, succeeded: 1, invalid: 0 })
    await collect(run, [result(2, { promptTokens: 30 })], 1)
    expect(await run.counts()).toMatchObject({ batched: 0, succeeded: 4 })
    expect(await run.reasked()).toEqual({ rows: 3, requests: 1 })
    const rows = await run.rowResults(-1, 10)
    expect(rows.map(({ isShared }) => isShared)).toEqual([false, false, true, true])
    expect(rows.map(({ request, state }) => [request, state])).toEqual(
      [2, 1, 2, 2].map((request) => [request, 'succeeded']),
    )
    expect(rows.map(({ questions }) => questions?.map(({ request }) => request) ?? null)).toEqual([
      [0, 2],
      null,
      [0, 2],
      [0, 2],
    ])
    const usage = await run.usageByAttempt(1_000)
    expect(usage.reduce((sum, { results }) => sum + results, 0)).toBe(3)
    expect(usage.reduce((sum, { promptTokens }) => sum + promptTokens, 0)).toBe(50)
  })

  it('gives all of its rows back together, and is asked the first question once', async () => {
    const run = await askedAgain()
    await collect(run, [result(2, INVALID)], 1)
    expect(await run.reopenRequests({ ...PLAIN_RETRY, statuses: ['invalid'], billed: ['yes'] })).toBe(3)
    expect(await run.counts()).toMatchObject({ pending: 3, succeeded: 1, invalid: 0 })
    expect(await run.pendingRequests(-1, 10)).toMatchObject([{ ordinal: 0 }])
    expect(await run.reasked()).toEqual({ rows: 3, requests: 1 })
  })

  it('is carried over as the answer to the first question, for all rows, with all that it took', async () => {
    const run = await askedAgain()
    await collect(run, [result(2, { promptTokens: 30 })], 1)
    expect(await run.answeredRequests(-1, 10)).toMatchObject([
      { ordinal: 0, rows: 3 },
      { ordinal: 1, rows: 1 },
    ])
    expect(await run.answersOf([0, 1])).toMatchObject([
      {
        ordinal: 0,
        result: { ordinal: 0, offset: 20, promptTokens: 30 },
        questions: [{ result: { promptTokens: 10 } }, { result: { promptTokens: 30 } }],
      },
      { ordinal: 1, questions: null },
    ])
  })
})

describe('answers that may be carried over', () => {
  it('are the usable ones, with the rows that they answered', async () => {
    const run = await runOf([7, 8, 9, 7])
    expect(await run.answeredRequests(-1, 10)).toEqual([])
    await collect(run, [result(0), result(1, { status: 'refused' }), result(2)])
    expect(await run.answeredRequests(-1, 10)).toMatchObject([
      { ordinal: 0, rows: 2, target: TARGET, offset: 0, length: 99 },
      { ordinal: 2, rows: 1, offset: 200 },
    ])
    expect(await run.answeredRequests(0, 10)).toHaveLength(1)
    expect(await run.answersOf([2, 1, 0])).toMatchObject([
      { ordinal: 0, kind: 'batch', result: { offset: 0 } },
      { ordinal: 2, result: { offset: 20, promptTokens: 10 } },
    ])
  })

  it('are those of the request that asked last, for the one that was asked first', async () => {
    const run = await runOf([7, 8])
    await collect(run, [result(0, { status: 'invalid' }), result(1)])
    const [attempt] = await run.currentAttempts()
    const driver = new Driver(statePath(home))
    driver.script(`
      insert into requests (run, ordinal, batch, file_offset, length, state, attempt, rows, root, turn)
        select run, 2, batch, 777, 99, 'succeeded', ${attempt?.key}, 1, 0, 1 from requests where ordinal = 0;
      update requests set latest = 2, rows = 0 where ordinal = 0;`)
    driver.close()
    await run.addResults(attempt?.key ?? 0, [result(2)])
    expect(await run.answeredRequests(-1, 10)).toMatchObject([
      { ordinal: 0, rows: 1, offset: 0 },
      { ordinal: 1, rows: 1, offset: 100 },
    ])
    expect(await run.answersOf([0])).toMatchObject([{ ordinal: 0, result: { offset: 20 } }])
  })
})

describe('a batch that was carried over', () => {
  it('is collected without having been sent, and costs and teaches nothing', async () => {
    const run = await runOf([7, 8, 7], 'carried')
    const [planned] = await run.currentAttempts()
    expect(await run.counts()).toMatchObject({ succeeded: 0, batched: 3 })
    await run.settleCarried(planned?.key ?? 0, [result(0, { countsAsTry: false }), result(1, { countsAsTry: false })])
    expect(await run.currentAttempts()).toMatchObject([{ kind: 'carried', stage: 'collected' }])
    expect(await run.counts()).toMatchObject({ succeeded: 3, batched: 0 })
    expect(await run.rowResults(-1, 10)).toMatchObject([
      { tries: 0, kind: 'carried' },
      { tries: 0 },
      { isShared: true },
    ])
    expect(await run.usageByAttempt(0)).toEqual([])
    expect(await run.shownAnswers(TARGET)).toMatchObject({ answers: 0 })
    expect(await run.tokenRate(TARGET, 'bytes')).toBeNull()
    expect((await run.record()).carried).toEqual({ from: 'old', rows: 2, costUsd: 1.5 })
    // And it can be carried on.
    expect(await run.answeredRequests(-1, 10)).toHaveLength(2)
  })

  it('is the only kind that ends so', async () => {
    const run = await runOf([7])
    const [planned] = await run.currentAttempts()
    await expect(run.settleCarried(planned?.key ?? 0, [result(0)])).rejects.toMatchObject({ code: 'conflict' })
    expect(await run.counts()).toMatchObject({ batched: 1 })
  })
})
