import { describe, expect, it } from 'vitest'
import { ENGINES, forEachHome, type TestHome } from '../../test/support/engines.ts'
import { addNew, batchOf, createRun, range, seal, TARGET } from '../../test/support/stored-run.ts'
import type { Store } from './store.ts'

describe.each(ENGINES)('in $name', (engine) => {
  let home: TestHome
  let store: Store

  forEachHome(engine, (madeHome, madeStore) => {
    home = madeHome
    store = madeStore
  })

  describe('the runs that wait', () => {
    it('tell when a batch of theirs is due, and apart from that what waits to be sent, by target', async () => {
      const made = await createRun(store, home.folder)
      const other = { ...TARGET, model: 'other' }
      const [planned, polled, waiting, later] = [
        await made.store.addBatch(batchOf([0])),
        await made.store.addBatch(batchOf([1])),
        await made.store.addBatch(batchOf([2])),
        await made.store.addBatch(batchOf([3], { target: other })),
      ]
      await made.store.beginRun({ name: null, isOpen: false, rowsHash: 'r', requestsHash: 'q', carried: null })
      await made.store.noteAttempt(planned, { nextAt: 5 })
      await made.store.moveAttempt(polled, 'planned', 'submitted', { remoteId: 'batch_1', nextAt: 300 })
      await made.store.moveAttempt(waiting, 'planned', 'uploaded', { waitingSince: 1, nextAt: 200 })
      await made.store.noteAttempt(later, { nextAt: 7 })
      const [run] = await store.waitingRuns()
      expect(run).toMatchObject({ id: made.id, state: 'ready', nextAt: 200, dayHeldUntil: null })
      expect(run?.queues.toSorted((one, two) => two.open - one.open)).toEqual([
        { target: TARGET, unsentAt: 5, open: 2, shortOfRoom: 1 },
        { target: other, unsentAt: 7, open: 0, shortOfRoom: 0 },
      ])
    })

    it('count what is asked directly with what is due, and have no queue once nothing is left to do', async () => {
      const asked = await createRun(store, home.folder)
      await addNew(asked, range(1, 0), 'direct')
      await seal(asked, [{}])
      const empty = await createRun(store, home.folder)
      await seal(empty, [])
      const runs = await store.waitingRuns()
      expect(runs.map(({ nextAt, queues }) => ({ nextAt, unsent: queues.map(({ unsentAt }) => unsentAt) }))).toEqual([
        { nextAt: 0, unsent: [null] },
        { nextAt: null, unsent: [] },
      ])
    })

    it('wait no more once they have ended, and tell when that was', async () => {
      const [first, second] = [await createRun(store, home.folder), await createRun(store, home.folder)]
      for (const run of [first, second]) await seal(run, [])
      await first.store.moveRun('completed')
      await second.store.moveRun('completed')
      const [one, two] = [await first.store.record(), await second.store.record()]
      const since = async (instant: number) => new Set(await store.runsEndedSince(instant))
      const both = [one, two].map(({ finishedAt, id }) => ({ id, endedAt: finishedAt }))
      expect(await store.waitingRuns()).toEqual([])
      expect(await since(Number(one.finishedAt))).toEqual(new Set(both))
      expect(await since(Number(two.finishedAt) + 1)).toEqual(new Set())
    })
  })
})
