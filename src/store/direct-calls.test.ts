import { describe, expect, it } from 'vitest'
import { ENGINES, forEachHome, type TestHome } from '../../test/support/engines.ts'
import {
  AGAIN,
  addNew,
  createRun,
  newest,
  present,
  type StoredRun,
  seal,
  sendAgain,
  settleEnded,
} from '../../test/support/stored-run.ts'
import type { RunStore, Store } from './store.ts'

describe.each(ENGINES)('in $name', (engine) => {
  let home: TestHome
  let store: Store
  let made: StoredRun
  let run: RunStore
  let attemptKey: number

  forEachHome(engine, async (madeHome, madeStore) => {
    home = madeHome
    store = madeStore
    made = await createRun(store, home.folder)
    run = made.store
    attemptKey = await addNew(made, [0, 1], 'direct')
    await seal(made, [{}, {}])
    await run.moveAttempt(attemptKey, 'planned', 'calling')
  })

  const FAILED = { ...AGAIN, verdict: 'final' } as const

  describe('direct calls in the store', () => {
    it('are on disk before they are made, and answered once', async () => {
      const key = await run.openCall(attemptKey, 0)
      const again = await home.open()
      expect(await again.read(run.id).calls(attemptKey)).toEqual([{ key, ordinal: 0, answer: null, line: null }])
      await again.close()
      await run.closeCall(key, 'answered', '{"line":1}')
      await run.closeCall(key, 'unknown', null)
      expect(await run.calls(attemptKey)).toEqual([{ key, ordinal: 0, answer: 'answered', line: '{"line":1}' }])
    })

    it('keep their lines only until the result file is there', async () => {
      await run.closeCall(await run.openCall(attemptKey, 0), 'answered', '{}')
      expect(await run.endCalls(attemptKey, String(attemptKey))).toMatchObject({ kind: 'direct', stage: 'ended' })
      expect(await run.calls(attemptKey)).toMatchObject([{ answer: 'answered', line: null }])
    })

    it('settle what is final and let the rest wait in its batch until a person has decided', async () => {
      await run.endCalls(attemptKey, String(attemptKey))
      await settleEnded(
        made,
        attemptKey,
        [
          { ordinal: 0, ...FAILED },
          { ordinal: 1, ...AGAIN },
        ],
        'held',
      )
      expect(await run.counts()).toMatchObject({ failed: 1, batched: 1, pending: 0 })
      expect(await newest(made)).toMatchObject({ stage: 'held', heldFrom: 'ended' })
      expect(await present(made, [0, 1])).toMatchObject([{ state: 'failed' }, { state: 'batched' }])
      await expect(sendAgain(made, [1])).rejects.toMatchObject({ code: 'conflict' })
      await run.releaseAttempt(attemptKey, 'held')
      expect(await run.counts()).toMatchObject({ failed: 1, batched: 0, pending: 1 })
      expect(await present(made, [0, 1])).toMatchObject([{ state: 'failed' }, { state: 'pending' }])
      await sendAgain(made, [1])
      expect(await run.counts()).toMatchObject({ failed: 1, batched: 1, pending: 0 })
    })

    it('wait in their batch too while it is on its way back from being held', async () => {
      await run.endCalls(attemptKey, String(attemptKey))
      await settleEnded(
        made,
        attemptKey,
        [
          { ordinal: 0, ...FAILED },
          { ordinal: 1, ...AGAIN },
        ],
        'held',
      )
      await run.moveAttempt(attemptKey, 'held', 'ended', { heldFrom: null })
      expect(await run.counts()).toMatchObject({ failed: 1, batched: 1, pending: 0 })
      expect(await present(made, [0, 1])).toMatchObject([{ state: 'failed' }, { state: 'batched' }])
    })
  })

  describe('what steers a run in the store', () => {
    /** As `retry` does. */
    async function reopenAll(): Promise<void> {
      await run.endCalls(attemptKey, String(attemptKey))
      await settleEnded(made, attemptKey, [{ ordinal: 0, ...FAILED }, { ordinal: 1 }])
      const usual = { billed: ['yes', 'no'], maxTokens: null, canaryAbove: null } as const
      expect(await run.reopenRequests({ ...usual, statuses: ['failed'] })).toBe(1)
    }

    it('is kept until the run is opened again', async () => {
      await run.setDeadline({ at: 200, windUpAt: 100, tail: null })
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
      await run.moveRun('cancelling')
      await run.moveRun('cancelled')
      await reopenAll()
      expect(await run.record()).toMatchObject({ stopLoss: { state: 'ignored' } })
    })
  })
})
