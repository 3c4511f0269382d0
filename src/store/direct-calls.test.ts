import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleRun } from '../../test/support/run-records.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { emptyOutcome } from '../model/outcome.ts'
import { openStore } from './sqlite-store.ts'
import type { NewResult, RunStore, Store } from './store.ts'

let home: string
let store: Store
let run: RunStore
let attemptKey: number

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-calls-'))
  store = await openStore({ home, disk: systemDisk, clock: systemClock })
  const { createdAt, definition, id, output } = sampleRun()
  await store.createRun({ id, definition, output, createdAt })
  run = await store.write(id)
  await run.addBatch({
    kind: 'direct',
    target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' },
    tokens: 10,
    tokenMethod: 'bytes',
    mostOutputTokens: null,
    requests: [0, 1].map((ordinal) => ({ ordinal, row: ordinal, offset: ordinal * 100, length: 99 })),
    contentHash: 'hash',
    attempt: { nonce: 'nonce', inputName: 'nonce.jsonl', inputBytes: 200, inputSha256: 'sha', createdAt },
  })
  const [attempt] = await run.currentAttempts()
  attemptKey = attempt?.key ?? 0
  await run.moveAttempt(attemptKey, 'planned', 'calling')
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

function result(ordinal: number, verdict: NewResult['verdict']): NewResult {
  const { billed, code, reason, status } = emptyOutcome({ status: 'failed', code: 'x', reason: 'y', billed: 'no' })
  const tokens = { promptTokens: null, completionTokens: null, cachedTokens: null, reasoningTokens: null }
  const place = { file: null, offset: null, length: null }
  return { ordinal, status, code, reason, billed, ...tokens, model: null, ...place, verdict, countsAsTry: true }
}

describe('direct calls in the store', () => {
  it('are on disk before they are made, and answered once', async () => {
    const key = await run.openCall(attemptKey, 0)
    const again = await openStore({ home, disk: systemDisk, clock: systemClock })
    expect(await again.read(run.id).calls(attemptKey)).toEqual([{ key, ordinal: 0, answer: null, line: null }])
    await again.close()
    await run.closeCall(key, 'answered', '{"line":1}')
    await run.closeCall(key, 'unknown', null)
    expect(await run.calls(attemptKey)).toEqual([{ key, ordinal: 0, answer: 'answered', line: '{"line":1}' }])
  })

  it('keep their lines only until the result file is there', async () => {
    await run.closeCall(await run.openCall(attemptKey, 0), 'answered', '{}')
    expect(await run.endCalls(attemptKey)).toMatchObject({ kind: 'direct', stage: 'ended' })
    expect(await run.calls(attemptKey)).toMatchObject([{ answer: 'answered', line: null }])
  })

  it('settle what is final and let the rest wait in its batch', async () => {
    await run.endCalls(attemptKey)
    await run.addResults(attemptKey, [result(0, 'final'), result(1, 'again')])
    await run.settleFinal(attemptKey)
    await run.settleFinal(attemptKey)
    expect(await run.counts()).toMatchObject({ failed: 1, batched: 1, pending: 0 })
    const { batchKey } = await run.moveAttempt(attemptKey, 'ended', 'held', { heldFrom: 'ended' })
    expect(await run.requestsOf(batchKey, -1, 10)).toMatchObject([{ ordinal: 1 }])
    await run.releaseAttempt(attemptKey, 'held')
    expect(await run.counts()).toMatchObject({ failed: 1, batched: 0, pending: 1 })
  })
})

describe('what steers a run in the store', () => {
  /** As `retry` does. */
  async function reopenAll(): Promise<void> {
    await run.addResults(attemptKey, [result(0, 'final')])
    await run.settleFinal(attemptKey)
    const usual = { billed: ['yes', 'no'], maxTokens: null, canaryAbove: null } as const
    expect(await run.reopenRequests({ ...usual, statuses: ['failed'] })).toBe(1)
  }

  it('is kept until the run is opened again', async () => {
    await run.setDeadline({ at: 200, windUpAt: 100 })
    await run.setStopLoss({ state: 'stopped', batch: 1, code: 'x', example: 'y', failed: 9, requests: 9 })
    await run.cancelForDeadline()
    expect(await run.record()).toMatchObject({
      deadline: { at: 200, windUpAt: 100 },
      stopLoss: { state: 'stopped', failed: 9 },
      cancelCause: 'deadline',
      cancelRequestedAt: expect.any(Number),
    })
    // What was asked first is the cause.
    await store.requestCancel(run.id)
    expect(await run.record()).toMatchObject({ cancelCause: 'deadline' })
    await run.moveRun('ready')
    await run.moveRun('cancelling')
    await run.moveRun('cancelled')
    await reopenAll()
    expect(await run.record()).toMatchObject({
      deadline: null,
      stopLoss: null,
      cancelCause: null,
      cancelRequestedAt: null,
    })
  })

  it('lets a person ignore failures for good', async () => {
    await run.setStopLoss({ state: 'ignored' })
    await run.moveRun('ready')
    await run.moveRun('cancelling')
    await run.moveRun('cancelled')
    await reopenAll()
    expect(await run.record()).toMatchObject({ stopLoss: { state: 'ignored' } })
  })
})
