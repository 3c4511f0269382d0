import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { again, batch, place, runOf, settle, TARGET } from '../../test/support/stored-run.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { openStore } from './sqlite-store.ts'
import type { Reopening, Store } from './store.ts'

let home: string
let store: Store

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-reasks-'))
  store = await openStore({ home, disk: systemDisk, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

/** Invalid answers, of whatever question. */
const REOPENED: Reopening = {
  statuses: ['invalid'],
  billed: ['yes', 'no', 'unknown'],
  maxTokens: null,
  canaryAbove: null,
}

const INVALID = { status: 'invalid', code: 'schema_mismatch', reason: 'label is missing' } as const

describe('rows that may be asked again', () => {
  it('are those whose newest answer is invalid, with the places of question and answer', async () => {
    const run = await runOf(store, 3)
    expect(await run.hasReaskable()).toBe(false)
    const attemptKey = await settle(run, { ordinal: 0 }, { ordinal: 1, ...INVALID }, { ordinal: 2, status: 'refused' })
    expect(await run.hasReaskable()).toBe(true)
    const [found, ...others] = await run.reaskableRequests(-1, 10)
    expect(others).toEqual([])
    expect(found).toMatchObject({ ordinal: 1, offset: 100, length: 99, reason: 'label is missing', target: TARGET })
    expect(found?.answer).toEqual({ attemptKey, file: 'output', offset: 10, length: 9 })
    expect(await run.reaskableRequests(1, 10)).toEqual([])
    expect(await run.nextOrdinal()).toBe(3)
  })

  it('count as open until they are asked, unless the run is being cancelled', async () => {
    const run = await runOf(store, 2)
    await settle(run, { ordinal: 0 }, { ordinal: 1, ...INVALID })
    expect(await run.counts()).toMatchObject({ succeeded: 1, invalid: 0, pending: 1 })
    await store.requestCancel(run.id)
    expect(await run.counts()).toMatchObject({ succeeded: 1, invalid: 1, pending: 0 })
  })

  it.each([{ maxReasks: 0 }, { maxReasks: undefined as never }])(
    'are none in a run that asks once: %j',
    async (parts) => {
      const run = await runOf(store, 1, parts)
      await settle(run, { ordinal: 0, ...INVALID })
      expect(await run.hasReaskable()).toBe(false)
      expect(await run.counts()).toMatchObject({ invalid: 1 })
    },
  )
})

describe('a request that asks again', () => {
  it('takes the rows over, as often as turns are left, and no request is replaced twice', async () => {
    const run = await runOf(store, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await run.addBatch(batch([again(1, 0)]))
    expect(await run.counts()).toMatchObject({ batched: 1, invalid: 0 })
    await expect(run.addBatch(batch([again(2, 0)]))).rejects.toMatchObject({ code: 'conflict' })
    expect(await run.nextOrdinal()).toBe(2)
    await settle(run, { ordinal: 1, ...INVALID })
    await run.addBatch(batch([again(2, 1)]))
    await settle(run, { ordinal: 2, ...INVALID })
    expect(await run.hasReaskable()).toBe(false)
    expect(await run.counts()).toMatchObject({ invalid: 1 })
    expect(await run.reasked()).toEqual({ rows: 1, requests: 2 })
    const [row] = await run.rowResults(-1, 10)
    expect(row).toMatchObject({ row: 0, request: 2, state: 'invalid' })
    expect(row?.questions?.map(({ request, state }) => [request, state])).toEqual([
      [0, 'invalid'],
      [1, 'invalid'],
      [2, 'invalid'],
    ])
  })

  it('stands for its row once it is answered; rows that were asked once have no questions', async () => {
    const run = await runOf(store, 2)
    await settle(run, { ordinal: 0, ...INVALID }, { ordinal: 1 })
    await run.addBatch(batch([again(2, 0)]))
    const [open] = await run.rowResults(-1, 10)
    expect(open).toMatchObject({ state: 'batched', result: null })
    await settle(run, { ordinal: 2, code: 'code_fence' })
    expect(await run.counts()).toMatchObject({ succeeded: 2 })
    const [first, second] = await run.rowResults(-1, 10)
    expect(first).toMatchObject({ request: 2, state: 'succeeded', result: { status: 'succeeded' } })
    expect(second).toMatchObject({ request: 1, questions: null })
    expect(await run.tolerated()).toEqual({ code_fence: 1 })
    expect(await run.failureReasons(5)).toEqual([])
  })

  it('is sent again itself where it may succeed later', async () => {
    const run = await runOf(store, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await run.addBatch(batch([again(1, 0)]))
    await settle(run, { ordinal: 1, status: 'expired', code: 'batch_expired', billed: 'no', verdict: 'again' })
    expect(await run.counts()).toMatchObject({ pending: 1 })
    expect(await run.pendingRequests(-1, 10)).toMatchObject([{ ordinal: 1, tries: 1 }])
  })

  it('leaves the row with its last answer where it brings none, and is not asked again', async () => {
    const run = await runOf(store, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await run.addBatch(batch([again(1, 0)]))
    await settle(run, { ordinal: 1, status: 'failed', code: 'server_error', reason: 'broke', billed: 'no', file: null })
    expect(await run.counts()).toMatchObject({ invalid: 1, failed: 0 })
    expect(await run.hasReaskable()).toBe(false)
    const [row] = await run.rowResults(-1, 10)
    expect(row).toMatchObject({ request: 0, state: 'invalid', result: { reason: 'label is missing' } })
    expect(row?.questions?.at(-1)).toMatchObject({ request: 1, state: 'invalid', result: { status: 'failed' } })
    expect(await run.failureReasons(5)).toEqual([
      { status: 'invalid', code: 'server_error', reason: 'asked again without an answer: broke', count: 1 },
    ])
  })

  it('leaves it so too where it is cancelled before it was sent', async () => {
    const run = await runOf(store, 1)
    await settle(run, { ordinal: 0, ...INVALID })
    await run.addBatch(batch([again(1, 0)]))
    await run.cancelUnsent()
    expect(await run.counts()).toMatchObject({ invalid: 1, cancelled: 0 })
    const [row] = await run.rowResults(-1, 10)
    expect(row).toMatchObject({ request: 0, state: 'invalid', result: { status: 'invalid' } })
    expect(row?.questions?.at(-1)).toMatchObject({ request: 1, result: null })
  })

  it('gives the row back to its first question in a retry, and may be followed by others', async () => {
    const run = await runOf(store, 2, { maxReasks: 1 })
    await settle(run, { ordinal: 0, ...INVALID }, { ordinal: 1, ...INVALID })
    await run.addBatch(batch([again(2, 0), again(3, 1)]))
    await settle(run, { ordinal: 2, ...INVALID }, { ordinal: 3 })
    expect(await run.reopenRequests({ ...REOPENED, billed: ['no'] })).toBe(0)
    expect(await run.reopenRequests(REOPENED)).toBe(1)
    expect(await run.counts()).toMatchObject({ pending: 1, succeeded: 1, invalid: 0 })
    expect(await run.pendingRequests(-1, 10)).toMatchObject([{ ordinal: 0, tries: 0 }])
    await run.addBatch(batch([place(0, { row: null })]))
    await settle(run, { ordinal: 0, ...INVALID })
    expect(await run.hasReaskable()).toBe(true)
    await run.addBatch(batch([again(4, 0)]))
    await settle(run, { ordinal: 4 })
    const [row] = await run.rowResults(-1, 1)
    expect(row).toMatchObject({ request: 4, state: 'succeeded' })
    expect(row?.questions?.map(({ request }) => request)).toEqual([0, 2, 4])
    expect(await run.counts()).toMatchObject({ succeeded: 2, invalid: 0 })
  })
})
