import { spawn } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleDefinition } from '../../test/support/run-records.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { nonceFrom } from '../model/ids.ts'
import { PLAIN_OUTPUT } from '../model/run.ts'
import { Driver } from './driver.ts'
import { lockRun } from './lock.ts'
import { openStore } from './sqlite-store.ts'
import type { IntentFacts, NewBatchRecord, NewResult, RunStore, Store } from './store.ts'

const DEFINITION = sampleDefinition()

const OUTPUT = { ...PLAIN_OUTPUT, path: null }
const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

let home: string
let store: Store

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-store-'))
  store = await openStore({ home, disk: systemDisk, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

let made = 0

function batch(ordinals: readonly number[], rows: readonly (number | null)[] = ordinals): NewBatchRecord {
  made += 1
  const nonce = nonceFrom(Buffer.from(`nonce ${made}`.padEnd(16)))
  return {
    target: TARGET,
    requests: ordinals.map((ordinal, index) => ({
      ordinal,
      row: rows[index] ?? null,
      offset: index * 100,
      length: 99,
    })),
    tokens: 25,
    tokenMethod: 'bytes',
    contentHash: `hash ${made}`,
    mostOutputTokens: null,
    attempt: { nonce, inputName: `${nonce}.jsonl`, inputBytes: 100, inputSha256: 'sha', createdAt: made },
  }
}

/** A sealed run of so many rows, a request each, in one batch. */
async function sealedRun(rowCount: number, id = 'aaaa-2026-11-23'): Promise<RunStore> {
  await store.createRun({ id, definition: DEFINITION, output: OUTPUT, createdAt: 1 })
  const run = await store.write(id)
  const ordinals = Array.from({ length: rowCount }, (_, ordinal) => ordinal)
  await run.addRows(ordinals.map((ordinal) => ({ ordinal, line: ordinal + 2, id: `r${ordinal}`, problem: null })))
  await run.addBatch(batch(ordinals))
  await run.sealRun({
    name: null,
    rowCount,
    requestCount: rowCount,
    rowsHash: 'rows',
    requestsHash: 'requests',
    columns: [{ name: 'text', type: { kind: 'string' } }],
    files: [{ path: 'tickets.csv', firstRow: 0 }],
  })
  return run
}

async function onlyAttempt(run: RunStore) {
  const [attempt] = await run.currentAttempts()
  if (!attempt) throw new Error('the run has no attempt')
  return attempt
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
    model: 'gpt-6.1-terra-2026-08-07',
    file: 'output',
    offset: ordinal * 10,
    length: 9,
    verdict: 'final',
    countsAsTry: true,
    ...parts,
  }
}

/** An intent that nothing stands in the way of. */
async function opened(run: RunStore, key: number) {
  const opening = await run.openIntent(key, INTENT, () => ({ isAdmitted: true }))
  if (!opening.isOpen) throw new Error('the intent was refused')
  return opening.intent
}

/** An attempt that was uploaded, created and has ended. */
async function endedAttempt(run: RunStore): Promise<number> {
  const { key } = await onlyAttempt(run)
  await run.moveAttempt(key, 'planned', 'uploaded', { inputFileId: 'file-1' })
  const intent = await opened(run, key)
  await run.closeIntent(intent.key, 'created', 'submitted', { remoteId: 'batch_1' })
  await run.moveAttempt(key, 'submitted', 'ended')
  return key
}

const INTENT: IntentFacts = {
  at: 5,
  baseUrl: DEFINITION.baseUrl,
  account: 'account',
  endpoint: TARGET.endpoint,
  model: TARGET.model,
  nonce: 'nonce',
  contentHash: 'hash',
  inputFileId: 'file-1',
  inputBytes: 100,
  inputSha256: 'sha',
  lineCount: 2,
  adapterVersion: 1,
}

describe('the store', () => {
  it('remembers a run across a restart', async () => {
    await sealedRun(3)
    await store.close()
    store = await openStore({ home, disk: systemDisk, clock: systemClock })
    expect(await store.findRun('aaaa-2026-11-23')).toMatchObject({
      state: 'ready',
      rowCount: 3,
      columns: [{ name: 'text', type: { kind: 'string' } }],
      files: [{ path: 'tickets.csv', firstRow: 0 }],
    })
  })

  it('refuses a state that a newer program wrote, naming both versions', async () => {
    await store.close()
    const driver = new Driver(join(home, 'state.db'))
    driver.run("insert into migrations (number, name, at) values (999, 'later', 1)")
    driver.close()
    await expect(openStore({ home, disk: systemDisk, clock: systemClock })).rejects.toMatchObject({
      code: 'newer_state',
      message: expect.stringContaining('state version 999'),
    })
    const repaired = new Driver(join(home, 'state.db'))
    repaired.run('delete from migrations where number = 999')
    repaired.close()
    store = await openStore({ home, disk: systemDisk, clock: systemClock })
  })

  it('keeps its database readable by its owner only', async () => {
    expect((await stat(join(home, 'state.db'))).mode & 0o777).toBe(0o600)
  })

  it('forgets a removed run and everything of it', async () => {
    const run = await sealedRun(3)
    await store.dropRun(run.id)
    expect(await store.listRuns()).toEqual([])
    const driver = new Driver(join(home, 'state.db'))
    for (const table of ['rows', 'requests', 'row_requests', 'batches', 'attempts', 'intents', 'results']) {
      expect({ table, ...driver.get<object>(`select count(*) as count from ${table}`) }).toEqual({ table, count: 0 })
    }
    driver.close()
  })
})

describe('the writer of a run', () => {
  it('is refused once another writer has taken over', async () => {
    const first = await sealedRun(1)
    const second = await store.write(first.id)
    await expect(first.moveRun('running')).rejects.toMatchObject({ code: 'busy' })
    await second.moveRun('running')
    expect((await second.record()).state).toBe('running')
  })

  it('cannot write through a handle for reading', async () => {
    const { id } = await sealedRun(1)
    await expect(store.read(id).moveRun('running')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('holds a lock that a second process cannot take and that its death frees', async () => {
    const path = join(home, 'lock.db')
    const script = `
      const { DatabaseSync } = require('@photostructure/sqlite')
      const database = new DatabaseSync(${JSON.stringify(path)})
      database.exec('begin exclusive')
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await expect(lockRun(systemDisk, path, 'r1')).rejects.toMatchObject({ code: 'busy' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    const lock = await lockRun(systemDisk, path, 'r1')
    lock.release()
  })
})

describe('an attempt', () => {
  it('moves only from the stage it is in, and the refusal names the stage found', async () => {
    const run = await sealedRun(1)
    const { key } = await onlyAttempt(run)
    await run.moveAttempt(key, 'planned', 'uploaded')
    await expect(run.moveAttempt(key, 'planned', 'uploaded')).rejects.toThrow(
      /is uploaded; it cannot move from planned/,
    )
    await expect(run.moveAttempt(key, 'uploaded', 'collected')).rejects.toThrow(
      /cannot move from uploaded to collected/,
    )
  })

  it('has one intent for each create, committed before the stage says so', async () => {
    const run = await sealedRun(2)
    const { key } = await onlyAttempt(run)
    await run.moveAttempt(key, 'planned', 'uploaded', { inputFileId: 'file-1' })
    const intent = await opened(run, key)
    expect((await onlyAttempt(run)).stage).toBe('creating')
    await expect(opened(run, key)).rejects.toMatchObject({ code: 'conflict' })
    expect(await run.intents(key)).toEqual([
      { ...INTENT, key: intent.key, attemptKey: key, answer: null, answeredAt: null },
    ])
  })

  it('lets an unknown create be adopted later, but answers no intent twice', async () => {
    const run = await sealedRun(2)
    const { key } = await onlyAttempt(run)
    await run.moveAttempt(key, 'planned', 'uploaded')
    const intent = await opened(run, key)
    await run.closeIntent(intent.key, 'unknown', 'unconfirmed')
    await run.closeIntent(intent.key, 'adopted', 'submitted', { remoteId: 'batch_9' })
    await expect(run.closeIntent(intent.key, 'created', 'ended')).rejects.toMatchObject({ code: 'conflict' })
    expect(await onlyAttempt(run)).toMatchObject({ stage: 'submitted', remoteId: 'batch_9' })
  })

  it('keeps its nonce and remote id when the next one takes its place', async () => {
    const run = await sealedRun(2)
    const first = await onlyAttempt(run)
    await run.moveAttempt(first.key, 'planned', 'uploaded', { inputFileId: 'file-1' })
    const intent = await opened(run, first.key)
    await run.closeIntent(intent.key, 'unknown', 'unconfirmed')
    const { attempt } = batch([0, 1])
    const second = await run.replaceAttempt({ key: first.key, from: 'unconfirmed', to: 'abandoned', next: attempt })
    expect(second).toMatchObject({ number: 2, stage: 'planned', nonce: attempt.nonce, firstNonce: first.nonce })
    expect((await run.allAttempts()).map(({ nonce, inputFileId }) => [nonce, inputFileId])).toEqual([
      [first.nonce, 'file-1'],
      [attempt.nonce, null],
    ])
    expect((await run.intents(first.key)).map(({ answer }) => answer)).toEqual(['proved_absent'])
  })
})

describe('results', () => {
  it('settle their requests and come back in the order of the rows', async () => {
    const run = await sealedRun(3)
    const key = await endedAttempt(run)
    await run.addResults(key, [
      result(2),
      result(0, { status: 'truncated', code: 'length' }),
      result(1, { status: 'expired', billed: 'no', verdict: 'again' }),
    ])
    await run.settleAttempt(key, 'collected')
    expect(await run.counts()).toMatchObject({ succeeded: 1, truncated: 1, pending: 1, batched: 0 })
    const rows = await run.rowResults(-1, 10)
    expect(rows.map(({ row, line, id, state, tries }) => [row, line, id, state, tries])).toEqual([
      [0, 2, 'r0', 'truncated', 1],
      [1, 3, 'r1', 'pending', 1],
      [2, 4, 'r2', 'succeeded', 1],
    ])
    expect(rows[2]?.result).toMatchObject({ file: 'output', offset: 20, attemptKey: key })
  })

  it('recorded twice are recorded once', async () => {
    const run = await sealedRun(1)
    const key = await endedAttempt(run)
    await run.addResults(key, [result(0)])
    await run.addResults(key, [result(0)])
    await run.settleAttempt(key, 'collected')
    expect(await run.usageByAttempt(1_000)).toMatchObject([
      { results: 1, promptTokens: 10, completionTokens: 5, withoutUsage: 0 },
    ])
  })

  it('of a pending request are replaced by those of the batch it is planned into next', async () => {
    const run = await sealedRun(2)
    const key = await endedAttempt(run)
    await run.addResults(key, [result(0), result(1, { status: 'expired', billed: 'no', verdict: 'again' })])
    await run.settleAttempt(key, 'collected')
    const waiting = await run.pendingRequests(-1, 10)
    expect(waiting).toMatchObject([{ ordinal: 1, offset: 100, length: 99, tries: 1, target: TARGET }])
    await run.addBatch(batch([1], [null]))
    expect(await run.pendingRequests(-1, 10)).toEqual([])
    const [, second] = await run.currentAttempts()
    expect(second).toMatchObject({ batch: 2, requestCount: 1, stage: 'planned' })
    expect(await run.requestsOf(second?.batchKey ?? 0, -1, 10)).toMatchObject([{ ordinal: 1, offset: 0 }])
  })

  it('that may have been billed are given back only when their status is asked for', async () => {
    const run = await sealedRun(3)
    const key = await endedAttempt(run)
    await run.addResults(key, [
      result(0, { status: 'failed', billed: 'no' }),
      result(1, { status: 'failed', billed: 'yes' }),
      result(2, { status: 'missing', billed: 'unknown' }),
    ])
    await run.settleAttempt(key, 'collected')
    const usual = { maxTokens: null, canaryAbove: null }
    expect(await run.reopenRequests({ ...usual, statuses: ['failed', 'missing'], billed: ['no'] })).toBe(1)
    expect(await run.reopenRequests({ ...usual, statuses: ['missing'], billed: ['yes', 'no', 'unknown'] })).toBe(1)
    expect(await run.counts()).toMatchObject({ pending: 2, failed: 1 })
  })

  it('are given back together with the run that they finish, with another limit, and a canary where they are many', async () => {
    const run = await sealedRun(3)
    const key = await endedAttempt(run)
    await run.addResults(
      key,
      [0, 1, 2].map((ordinal) => result(ordinal, { status: 'truncated', billed: 'yes' })),
    )
    await run.settleAttempt(key, 'collected')
    await run.moveRun('running')
    await run.moveRun('completed')
    const again = { statuses: ['truncated'], billed: ['yes'], maxTokens: 90 } as const
    expect(await run.reopenRequests({ ...again, statuses: ['failed'], canaryAbove: 0 })).toBe(0)
    expect(await run.record()).toMatchObject({ state: 'completed', isCanaryDue: false })
    expect(await run.reopenRequests({ ...again, canaryAbove: 2 })).toBe(3)
    expect(await run.record()).toMatchObject({ state: 'running', isCanaryDue: true })
    expect(await run.pendingRequests(-1, 1)).toMatchObject([{ ordinal: 0, maxTokens: 90 }])
    await run.endCanaryDue()
    expect(await run.record()).toMatchObject({ isCanaryDue: false })
  })

  it('count a cancelled run: what was never sent is cancelled, what was sent is not', async () => {
    const run = await sealedRun(2)
    await run.addBatch(batch([2, 3], [null, null]))
    const [first] = await run.currentAttempts()
    await run.moveAttempt(first?.key ?? 0, 'planned', 'uploaded')
    const intent = await opened(run, first?.key ?? 0)
    await run.closeIntent(intent.key, 'created', 'submitted')
    await run.cancelUnsent()
    expect(await run.counts()).toMatchObject({ batched: 2, cancelled: 2 })
    expect((await run.currentAttempts()).map(({ stage }) => stage)).toEqual(['submitted', 'cancelled'])
  })
})
