import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AGAIN,
  addNew,
  all,
  askAnew,
  createRun,
  end,
  INVALID,
  newest,
  present,
  range,
  rowsOf,
  runOf,
  type StoredRun,
  seal,
  sendAgain,
  settle,
  settleEnded,
  TARGET,
} from '../../test/support/stored-run.ts'
import { swiftDisk } from '../../test/support/swift-disk.ts'
import { systemClock } from '../lib/clock.ts'
import { openFolderStore } from '../store/folder/folder-store.ts'
import type { Store } from '../store/store.ts'
import { RunLog } from './run-log.ts'

let home: string
let store: Store

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-records-'))
  store = await openFolderStore({ home, disk: swiftDisk, clock: systemClock })
})

afterAll(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

const FAILED = { status: 'failed', code: 'server_error', reason: 'broke', billed: 'no', file: null } as const

/** Invalid answers, whoever paid for them. */
const REOPENED = {
  statuses: ['invalid'],
  billed: ['yes', 'no', 'unknown'],
  maxTokens: null,
  canaryAbove: null,
} as const

const reaskable = async (run: StoredRun, most: number) =>
  (await all(new RunLog(run).reaskable(most))).map(({ ordinal }) => ordinal)

describe('rows that may be asked again', () => {
  it('are those whose newest answer is invalid', async () => {
    const run = await runOf(store, home, 3)
    expect(await run.store.hasReaskable()).toBe(false)
    await settle(run, { ordinal: 0 }, { ordinal: 1, ...INVALID }, { ordinal: 2, status: 'refused' })
    expect(await run.store.hasReaskable()).toBe(true)
    expect(await reaskable(run, 2)).toEqual([1])
  })

  it('count as open until they are asked, unless the run is being cancelled', async () => {
    const run = await runOf(store, home, 2)
    await settle(run, { ordinal: 0 }, { ordinal: 1, ...INVALID })
    expect(await run.store.counts()).toMatchObject({ succeeded: 1, invalid: 0, pending: 1 })
    await store.requestCancel(run.id)
    expect(await run.store.counts()).toMatchObject({ succeeded: 1, invalid: 1, pending: 0 })
  })

  it('are none in a run that asks once', async () => {
    const run = await runOf(store, home, 1, { maxReasks: 0 })
    await settle(run, { ordinal: 0, ...INVALID })
    expect(await run.store.hasReaskable()).toBe(false)
    expect(await run.store.counts()).toMatchObject({ invalid: 1 })
    await expect(askAnew(run, [0])).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('a question that is asked again', () => {
  it('is asked as often as turns are left, and never twice at once', async () => {
    const run = await runOf(store, home, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await askAnew(run, [0])
    expect(await run.store.counts()).toMatchObject({ batched: 1, invalid: 0 })
    await expect(askAnew(run, [0])).rejects.toMatchObject({ code: 'conflict' })
    await settle(run, { ordinal: 0, ...INVALID })
    await askAnew(run, [0])
    await settle(run, { ordinal: 0, ...INVALID })
    expect(await run.store.hasReaskable()).toBe(false)
    await expect(askAnew(run, [0])).rejects.toMatchObject({ code: 'conflict' })
    expect(await run.store.counts()).toMatchObject({ invalid: 1 })
    expect((await run.store.batches()).map(({ reasked }) => reasked)).toEqual([
      { rows: 0, requests: 0 },
      { rows: 1, requests: 1 },
      { rows: 0, requests: 1 },
    ])
    const [row] = await rowsOf(run)
    expect(row?.questions?.map(({ state, tries }) => [state, tries])).toEqual(range(3).map(() => ['invalid', 1]))
  })

  it('stands for its row once it is answered; rows that were asked once have no questions', async () => {
    const run = await runOf(store, home, 2)
    await settle(run, { ordinal: 0, ...INVALID }, { ordinal: 1 })
    await askAnew(run, [0])
    expect((await rowsOf(run))[0]).toMatchObject({ state: 'batched', result: null })
    const attemptKey = await settle(run, { ordinal: 0, code: 'code_fence' })
    expect(await run.store.counts()).toMatchObject({ succeeded: 2 })
    expect(await rowsOf(run)).toMatchObject([
      { state: 'succeeded', target: TARGET, result: { code: 'code_fence', attemptKey } },
      { questions: null },
    ])
  })

  it('is sent again itself where it may succeed later', async () => {
    const run = await runOf(store, home, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await askAnew(run, [0])
    await settle(run, { ordinal: 0, ...AGAIN, status: 'expired' })
    expect(await run.store.counts()).toMatchObject({ pending: 1 })
    await sendAgain(run, [0])
    expect(await present(run, [0])).toMatchObject([{ newest: { turn: 1, tries: 1 } }])
  })

  it('leaves the row with its last answer where it brings none, and is not asked again', async () => {
    const run = await runOf(store, home, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await askAnew(run, [0])
    await settle(run, { ordinal: 0, ...FAILED })
    expect(await run.store.counts()).toMatchObject({ invalid: 1, failed: 0 })
    expect(await run.store.hasReaskable()).toBe(false)
    expect(await reaskable(run, 2)).toEqual([])
    await expect(askAnew(run, [0])).rejects.toMatchObject({ code: 'conflict' })
    const [row] = await rowsOf(run)
    expect(row).toMatchObject({ state: 'invalid', result: { reason: 'label is missing' } })
    expect(row?.questions?.at(-1)).toMatchObject({ state: 'invalid', result: { status: 'failed' } })
  })

  it('leaves it so too where it is cancelled before it was sent', async () => {
    const run = await runOf(store, home, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await askAnew(run, [0])
    await run.store.cancelUnsent()
    expect(await run.store.counts()).toMatchObject({ invalid: 1, cancelled: 0 })
    const [row] = await rowsOf(run)
    expect(row).toMatchObject({ state: 'invalid', result: { status: 'invalid' } })
    expect(row?.questions?.at(-1)).toMatchObject({ state: 'invalid', result: null })
  })

  it('gives the row back to its first question in a retry, and may be followed by others', async () => {
    const run = await runOf(store, home, 2, { maxReasks: 1 })
    await settle(run, { ordinal: 0, ...INVALID }, { ordinal: 1, ...INVALID })
    await askAnew(run, [0, 1])
    await settle(run, { ordinal: 0, ...INVALID, promptTokens: 1 }, { ordinal: 1 })
    expect(await run.store.reopenRequests({ ...REOPENED, billed: ['no'] })).toBe(0)
    expect(await run.store.reopenRequests(REOPENED)).toBe(1)
    expect(await run.store.counts()).toMatchObject({ pending: 1, succeeded: 1, invalid: 0 })
    await sendAgain(run, [0])
    await run.store.endReplanning()
    expect(await present(run, [0])).toMatchObject([
      { state: 'batched', reopening: null, newest: { turn: 0, tries: 0 } },
    ])
    await settle(run, { ordinal: 0, ...INVALID, promptTokens: 2 })
    expect(await run.store.hasReaskable()).toBe(true)
    await askAnew(run, [0])
    await settle(run, { ordinal: 0, promptTokens: 3 })
    const [row] = await rowsOf(run)
    expect(row).toMatchObject({ state: 'succeeded', result: { promptTokens: 3 } })
    // The first question stands with the answer that it had last.
    expect(row?.questions?.map(({ result }) => result?.promptTokens)).toEqual([2, 1, 3])
    expect(await run.store.counts()).toMatchObject({ succeeded: 2, invalid: 0 })
  })
})

describe('rows that share a request', () => {
  /** Rows 0, 2 and 3 ask the same. */
  async function shared(): Promise<StoredRun> {
    const run = await createRun(store, home)
    await addNew(run, [0, 1])
    await seal(run, [{}, {}, { shares: 0 }, { shares: 0 }])
    return run
  }

  it('are counted as rows in every state, and given back together', async () => {
    const run = await shared()
    expect(await run.store.counts()).toMatchObject({ batched: 4 })
    await settle(run, { ordinal: 0, ...FAILED }, { ordinal: 1 })
    expect(await run.store.counts()).toMatchObject({ failed: 3, succeeded: 1, batched: 0 })
    const [attempt] = await run.store.allAttempts()
    expect(attempt?.usage).toMatchObject([{ results: 2, promptTokens: 20 }])
    expect(await run.store.reopenRequests({ ...REOPENED, statuses: ['failed'], billed: ['no'] })).toBe(3)
    expect(await run.store.counts()).toMatchObject({ pending: 3, succeeded: 1 })
    expect((await all(new RunLog(run).pending())).map(({ ordinal }) => ordinal)).toEqual([0])
    await run.store.cancelUnsent()
    // What was only to be asked once more keeps the outcome it has.
    expect(await run.store.counts()).toMatchObject({ failed: 3, succeeded: 1 })
  })

  it('are asked again together, and each knows all that was asked', async () => {
    const run = await shared()
    await settle(run, { ordinal: 0, ...INVALID }, { ordinal: 1 })
    await askAnew(run, [0])
    expect(await run.store.counts()).toMatchObject({ batched: 3, succeeded: 1, invalid: 0 })
    await settle(run, { ordinal: 0, promptTokens: 30 })
    expect(await run.store.counts()).toMatchObject({ batched: 0, succeeded: 4 })
    expect((await newest(run)).usage).toMatchObject([{ results: 1, promptTokens: 30 }])
    expect((await run.store.batches()).at(-1)?.reasked).toEqual({ rows: 3, requests: 1 })
    const rows = await rowsOf(run)
    expect(rows.map(({ isShared, request }) => [request, isShared])).toEqual([
      [0, false],
      [1, false],
      [0, true],
      [0, true],
    ])
    expect(rows.map(({ questions }) => questions?.map(({ result }) => result?.promptTokens) ?? null)).toEqual([
      [10, 30],
      null,
      [10, 30],
      [10, 30],
    ])
  })
})

describe('a batch that was carried over', () => {
  it('is collected without having been sent, and costs and teaches nothing', async () => {
    const run = await createRun(store, home)
    const rate = await run.store.tokenRate(TARGET, 'bytes')
    const key = await addNew(run, [0, 1], 'carried')
    expect(await run.store.counts()).toMatchObject({ succeeded: 0, batched: 2 })
    const results = range(2).map((ordinal) => ({ ordinal, countsAsTry: false }))
    await settleEnded(run, key, results)
    await seal(run, [{}, {}, { shares: 0 }])
    expect(await run.store.currentAttempts()).toMatchObject([{ kind: 'carried', stage: 'collected', usage: [] }])
    expect(await run.store.counts()).toMatchObject({ succeeded: 3, batched: 0 })
    expect(await rowsOf(run)).toMatchObject([{ tries: 0, kind: 'carried' }, { tries: 0 }, { isShared: true }])
    expect(await run.store.shownAnswers(TARGET)).toMatchObject({ answers: 0 })
    expect(await run.store.tokenRate(TARGET, 'bytes')).toBe(rate)
  })

  it('is the only kind that ends so', async () => {
    const run = await runOf(store, home, 1)
    const { key } = await newest(run)
    await end(run, key)
    await settleEnded(run, key, [{ ordinal: 0 }])
    const [{ settled, tally } = { settled: null, tally: [] }] = await run.store.batches()
    if (!settled) throw new Error('not settled')
    await expect(run.store.settleCarried(key, { ...settled, tally, usage: [] })).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('a retry', () => {
  it('takes answered requests of a held batch, which are counted once when that is collected', async () => {
    const run = await runOf(store, home, 3)
    const { key } = await newest(run)
    await end(run, key)
    const truncated = { ordinal: 0, status: 'truncated' } as const
    await settleEnded(run, key, [truncated, { ordinal: 1, ...AGAIN }, { ordinal: 2 }], 'held')
    expect(await run.store.reopenRequests({ ...REOPENED, statuses: ['truncated'] })).toBe(1)
    await sendAgain(run, [0])
    await run.store.endReplanning()
    await run.store.moveAttempt(key, 'held', 'ended')
    await settleEnded(run, key, [truncated, { ordinal: 1, status: 'cancelled' }, { ordinal: 2 }])
    expect(await run.store.counts()).toMatchObject({ batched: 1, cancelled: 1, succeeded: 1, truncated: 0 })
  })

  it('that a crash has cut short goes on with what it has not sent, and sends nothing twice', async () => {
    const run = await runOf(store, home, 4)
    await settle(run, ...range(4).map((ordinal) => ({ ordinal, ...FAILED })))
    expect(await run.store.reopenRequests({ ...REOPENED, statuses: ['failed'] })).toBe(4)
    await sendAgain(run, [1])
    await settle(run, { ordinal: 1, ...FAILED })
    expect((await all(new RunLog(run).pending())).map(({ ordinal }) => ordinal)).toEqual([0, 2, 3])
    expect(await run.store.counts()).toMatchObject({ pending: 3, failed: 1 })
    await expect(sendAgain(run, [1])).rejects.toMatchObject({ code: 'conflict' })
    await sendAgain(run, [0, 2])
    const plan = await new RunLog(run).planOf(await run.store.batch((await newest(run)).batchKey))
    expect([[...plan.ordinals()], plan.triesAt(0)]).toEqual([[0, 2], 0])
  })
})
