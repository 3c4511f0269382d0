import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleRun } from '../../test/support/run-records.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { emptyOutcome, type Outcome } from '../model/outcome.ts'
import { selectCounts } from './counts.ts'
import { Driver } from './driver.ts'
import { statePath } from './run-folder.ts'
import { selectRunKey } from './runs.ts'
import { openStore } from './sqlite-store.ts'
import type { NewBatchRecord, NewResult, Reopening, RequestCounts, RunStore, Store } from './store.ts'

/** What a plain retry gives back. */
const FAILED: Reopening = { statuses: ['failed'], billed: ['no'], maxTokens: null, canaryAbove: null }

let home: string
let store: Store
let run: RunStore
/** What another process sees, asked again and again. */
let elsewhere: Store
let watcher: RunStore
let driver: Driver

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-counts-'))
  store = await openStore({ home, disk: systemDisk, clock: systemClock })
  const { createdAt, definition, id, output } = sampleRun()
  await store.createRun({ id, definition, output, createdAt })
  run = await store.write(id)
  elsewhere = await openStore({ home, disk: systemDisk, clock: systemClock })
  watcher = elsewhere.read(id)
  driver = new Driver(statePath(home))
})

afterEach(async () => {
  driver.close()
  await elsewhere.close()
  await store.close()
  await rm(home, { recursive: true })
})

/** The counts as both processes tell them, which must be what is there. */
async function counted(): Promise<Partial<RequestCounts>> {
  const truth = selectCounts(driver, selectRunKey(driver, run.id))
  expect(await run.counts()).toEqual(truth)
  expect(await watcher.counts()).toEqual(truth)
  return Object.fromEntries(Object.entries(truth).filter(([, count]) => count > 0))
}

function batch(name: string, ordinals: readonly number[], areNew = true): NewBatchRecord {
  return {
    target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' },
    tokens: 10,
    tokenMethod: 'bytes',
    mostOutputTokens: null,
    requests: ordinals.map((ordinal) => ({ ordinal, row: areNew ? ordinal : null, offset: 0, length: 9 })),
    contentHash: name,
    attempt: { nonce: name, inputName: name, inputBytes: 9, inputSha256: name, createdAt: 1 },
  }
}

function result(ordinal: number, parts: Partial<Outcome>, verdict: NewResult['verdict'] = 'final'): NewResult {
  const outcome = emptyOutcome({ status: 'succeeded', code: null, reason: null, billed: 'yes', ...parts })
  const { billed, code, reason, status } = outcome
  const tokens = { promptTokens: null, completionTokens: null, cachedTokens: null, reasoningTokens: null }
  const place = { file: null, offset: null, length: null }
  return { ordinal, status, code, reason, billed, ...tokens, model: null, ...place, verdict, countsAsTry: true }
}

/** Freezes a run of so many rows in two batches, the last row skipped, and sends the first batch until it has ended. */
async function endedBatch(): Promise<number> {
  const problem = { code: 'missing_column', line: 5, detail: '' } as const
  await run.addRows([0, 1, 2, 3, 4].map((ordinal) => ({ ordinal, line: ordinal, id: null, problem: null })))
  await run.addRows([{ ordinal: 5, line: 5, id: null, problem }])
  await run.addBatch(batch('first', [0, 1, 2]))
  await run.addBatch(batch('second', [3, 4]))
  await run.sealRun({
    name: null,
    rowCount: 6,
    requestCount: 5,
    rowsHash: 'a',
    requestsHash: 'b',
    columns: [],
    files: [],
  })
  await run.moveRun('running')
  const [attempt] = await run.currentAttempts()
  const key = attempt?.key ?? 0
  await run.moveAttempt(key, 'planned', 'submitted')
  await run.moveAttempt(key, 'submitted', 'ended')
  return key
}

describe('counts', () => {
  it('follow everything that happens to rows, in this process and in others', async () => {
    expect(await counted()).toEqual({})
    const key = await endedBatch()
    expect(await counted()).toEqual({ batched: 5, skipped: 1 })
    const failed = { status: 'failed', billed: 'no' } as const
    await run.addResults(key, [result(0, {}), result(1, failed), result(2, failed, 'again')])
    expect(await counted()).toEqual({ batched: 5, skipped: 1 })
    await run.settleFinal(key)
    expect(await counted()).toEqual({ batched: 3, succeeded: 1, failed: 1, skipped: 1 })
    await run.settleAttempt(key, 'collected')
    expect(await counted()).toEqual({ batched: 2, pending: 1, succeeded: 1, failed: 1, skipped: 1 })
    await run.addBatch(batch('third', [2], false))
    expect(await counted()).toEqual({ batched: 3, succeeded: 1, failed: 1, skipped: 1 })
    const [, second] = await run.currentAttempts()
    await run.releaseAttempt(second?.key ?? 0, 'planned')
    expect(await counted()).toEqual({ batched: 1, pending: 2, succeeded: 1, failed: 1, skipped: 1 })
    await run.cancelUnsent()
    expect(await counted()).toEqual({ cancelled: 3, succeeded: 1, failed: 1, skipped: 1 })
    await run.moveRun('cancelling')
    await run.moveRun('cancelled')
    expect(await counted()).toEqual({ cancelled: 3, succeeded: 1, failed: 1, skipped: 1 })
    await run.reopenRequests(FAILED)
    expect(await counted()).toEqual({ cancelled: 3, pending: 1, succeeded: 1, skipped: 1 })
  })

  it('are not counted again while no row has changed', async () => {
    const key = await endedBatch()
    expect(await counted()).toEqual({ batched: 5, skipped: 1 })
    // Behind the store's back, so that counting again would show.
    driver.run(`update requests set state = 'failed'`)
    await run.noteAttempt(key, { polls: 7 })
    await run.addResults(key, [result(0, {})])
    expect(await run.counts()).toMatchObject({ batched: 5, failed: 0 })
    expect(await watcher.counts()).toMatchObject({ batched: 5, failed: 0 })
  })

  it('of a finished run are kept for later questions', async () => {
    await endedBatch()
    await run.moveRun('completed')
    driver.run(`update requests set state = 'failed'`)
    expect(await store.read(run.id).counts()).toMatchObject({ batched: 5, failed: 0 })
    await run.reopenRequests(FAILED)
    expect(await store.read(run.id).counts()).toMatchObject({ pending: 5 })
  })

  it('are not believed to have changed by a transaction that was rolled back', async () => {
    await endedBatch()
    await counted()
    await expect(run.addBatch(batch('again', [3]))).rejects.toMatchObject({ code: 'conflict' })
    expect(await counted()).toEqual({ batched: 5, skipped: 1 })
  })
})
