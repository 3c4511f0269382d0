import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { ENGINES, type TestHome } from '../../test/support/engines.ts'
import {
  AGAIN,
  addNew,
  batchOf,
  createRun,
  newest,
  present,
  range,
  rowsOf,
  type StoredRun,
  seal,
  sendAgain,
  settle,
  TARGET,
} from '../../test/support/stored-run.ts'
import type { IntentFacts } from './port/paid-call.ts'
import type { RunStore, Store } from './store.ts'

describe.each(ENGINES)('in $name', (engine) => {
  let home: TestHome
  let store: Store

  beforeEach(async () => {
    home = await engine.make()
    store = await home.open()
  })

  afterEach(async () => {
    await store.close()
    await home.remove()
  })

  /** A sealed run of so many rows, a request each, in one batch, with its files. */
  async function storedRun(rowCount: number): Promise<StoredRun> {
    const made = await createRun(store, home.folder, { maxReasks: 0 })
    await addNew(made, range(rowCount))
    const columns = [{ name: 'text', type: { kind: 'string' } }] as const
    const files = [{ path: 'tickets.csv', firstRow: 0 }]
    await seal(
      made,
      range(rowCount).map((row) => ({ id: `r${row}` })),
      { columns, files },
    )
    return made
  }

  async function sealedRun(rowCount: number): Promise<RunStore> {
    return (await storedRun(rowCount)).store
  }

  async function onlyAttempt(run: RunStore) {
    const [attempt] = await run.currentAttempts()
    if (!attempt) throw new Error('the run has no attempt')
    return attempt
  }

  /** An intent that nothing stands in the way of. */
  async function opened(run: RunStore, key: number) {
    const opening = await run.openIntent(key, INTENT, () => ({ isAdmitted: true }))
    if (!opening.isOpen) throw new Error('the intent was refused')
    return opening.intent
  }

  const INTENT: IntentFacts = {
    at: 5,
    baseUrl: 'https://api.openai.com/v1',
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
      const { id } = await sealedRun(3)
      await store.close()
      store = await home.open()
      expect(await store.findRun(id)).toMatchObject({
        state: 'running',
        rowCount: 3,
        columns: [{ name: 'text', type: { kind: 'string' } }],
        files: [{ path: 'tickets.csv', firstRow: 0 }],
      })
    })

    it.each([
      ['an earlier, unreleased', 'update catalog set version = 0'],
      ['a newer', 'update catalog set version = 999'],
      [
        'an earlier, unreleased',
        'drop table catalog; create table migrations (number integer primary key, name text, at integer)',
      ],
    ])('refuses a home that %s version wrote, and says what to do', async (writer, change) => {
      await store.close()
      await home.sql((sql) => sql.script(change))
      await expect(home.open()).rejects.toMatchObject({
        code: 'newer_state',
        message: `${home.shown} was written by ${writer} version of llm-batch`,
        next: expect.stringContaining('Use that version again'),
      })
      await home.remove()
      home = await engine.make()
      store = await home.open()
    })

    it('forgets a removed run and everything of it', async () => {
      const run = await sealedRun(3)
      await store.dropRun(run.id)
      expect(await store.listRuns()).toEqual([])
      for (const table of ['batches', 'attempts', 'intents', 'direct_calls', 'remote_batches', 'incidents']) {
        const found = await home.sql((sql) => sql.get<object>(`select count(*) as count from ${table}`))
        expect({ table, ...found }).toEqual({ table, count: 0 })
      }
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

    it('has a lock that stays with its holder until that one releases it', async () => {
      const { id } = await sealedRun(1)
      const other = await home.open()
      onTestFinished(() => other.close())
      expect(await other.isRunLocked(id)).toBe(false)
      const lock = await store.lockRun(id)
      for (const each of [store, other]) {
        await expect(each.lockRun(id)).rejects.toMatchObject({ code: 'busy' })
        expect(await each.isRunLocked(id)).toBe(true)
      }
      const another = await sealedRun(1)
      ;(await other.lockRun(another.id)).release()
      lock.release()
      lock.release()
      await vi.waitUntil(async () => !(await other.isRunLocked(id)))
      ;(await other.lockRun(id)).release()
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
      const { attempt } = batchOf([0, 1])
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
      const run = await storedRun(3)
      const key = await settle(
        run,
        { ordinal: 2 },
        { ordinal: 0, status: 'truncated', code: 'length' },
        { ordinal: 1, ...AGAIN, status: 'expired' },
      )
      expect(await run.store.counts()).toMatchObject({ succeeded: 1, truncated: 1, pending: 1, batched: 0 })
      const rows = await rowsOf(run)
      expect(rows.map(({ row, line, id, state, tries }) => [row, line, id, state, tries])).toEqual([
        [0, 1, 'r0', 'truncated', 1],
        [1, 2, 'r1', 'pending', 1],
        [2, 3, 'r2', 'succeeded', 1],
      ])
      expect(rows[2]?.result).toMatchObject({ file: 'output', offset: 20, attemptKey: key })
    })

    it('are counted with their attempt, those that are sent again too', async () => {
      const run = await storedRun(2)
      await settle(run, { ordinal: 0 }, { ordinal: 1, promptTokens: 7, verdict: 'again' })
      const [attempt] = await run.store.allAttempts()
      expect(attempt?.usage).toMatchObject([{ results: 2, promptTokens: 17, completionTokens: 10, withoutUsage: 0 }])
    })

    it('of a pending request are replaced by those of the batch it is planned into next', async () => {
      const run = await storedRun(2)
      await settle(run, { ordinal: 0 }, { ordinal: 1, ...AGAIN, status: 'expired' })
      expect(await run.store.hasPending()).toBe(true)
      await sendAgain(run, [1])
      expect(await run.store.hasPending()).toBe(false)
      expect(await newest(run)).toMatchObject({ batch: 2, requestCount: 1, stage: 'planned' })
      expect(await run.store.counts()).toMatchObject({ succeeded: 1, batched: 1, pending: 0 })
      await settle(run, { ordinal: 1 })
      expect(await rowsOf(run)).toMatchObject([{ tries: 1 }, { state: 'succeeded', tries: 2 }])
    })

    it('that may have been billed are given back only when their status is asked for', async () => {
      const run = await storedRun(3)
      const failed = { status: 'failed' } as const
      const missing = { status: 'missing', billed: 'unknown' } as const
      await settle(run, { ordinal: 0, ...failed, billed: 'no' }, { ordinal: 1, ...failed }, { ordinal: 2, ...missing })
      const usual = { maxTokens: null, canaryAbove: null }
      expect(await run.store.reopenRequests({ ...usual, statuses: ['failed', 'missing'], billed: ['no'] })).toBe(1)
      const all = ['yes', 'no', 'unknown'] as const
      expect(await run.store.reopenRequests({ ...usual, statuses: ['missing'], billed: all })).toBe(1)
      expect(await run.store.counts()).toMatchObject({ pending: 2, failed: 1 })
    })

    it('are given back together with the run that they finish, with another limit, and a canary where they are many', async () => {
      const run = await storedRun(3)
      await settle(run, ...range(3).map((ordinal) => ({ ordinal, status: 'truncated' }) as const))
      const { store: runStore } = run
      await runStore.moveRun('completed')
      const again = { statuses: ['truncated'], billed: ['yes'], maxTokens: 90 } as const
      expect(await runStore.reopenRequests({ ...again, statuses: ['failed'], canaryAbove: 0 })).toBe(0)
      expect(await runStore.record()).toMatchObject({ state: 'completed', isCanaryDue: false, reopenings: [] })
      expect(await runStore.reopenRequests({ ...again, canaryAbove: 2 })).toBe(3)
      expect(await runStore.record()).toMatchObject({ state: 'running', isCanaryDue: true })
      expect(await present(run, [0])).toMatchObject([{ state: 'truncated', reopening: { maxTokens: 90 } }])
      expect(await runStore.counts()).toMatchObject({ pending: 3, truncated: 0 })
      await runStore.endReplanning()
      expect(await runStore.record()).toMatchObject({ isCanaryDue: false, reopenings: [] })
    })

    it('count a cancelled run: what was never sent is cancelled, what was sent is not', async () => {
      const run = await createRun(store, home.folder)
      const sent = await addNew(run, [0, 1])
      await addNew(run, [2, 3])
      await seal(run, [{}, {}, {}, {}])
      await run.store.moveAttempt(sent, 'planned', 'uploaded')
      const intent = await opened(run.store, sent)
      await run.store.closeIntent(intent.key, 'created', 'submitted')
      await run.store.cancelUnsent()
      expect(await run.store.counts()).toMatchObject({ batched: 2, cancelled: 2 })
      expect((await run.store.currentAttempts()).map(({ stage }) => stage)).toEqual(['submitted', 'cancelled'])
    })
  })
})
