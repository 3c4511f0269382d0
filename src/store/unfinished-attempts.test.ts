import { describe, expect, it } from 'vitest'
import { ENGINES, forEachHome, type TestHome } from '../../test/support/engines.ts'
import { addNew, batchOf, createRun, range, TARGET } from '../../test/support/stored-run.ts'
import { systemClock } from '../lib/clock.ts'
import { FINAL_STAGES } from '../model/attempt.ts'
import type { RunStore, Store } from './store.ts'

describe.each(ENGINES)('in $name', (engine) => {
  let home: TestHome
  let store: Store
  let run: RunStore

  forEachHome(engine, async (madeHome, madeStore) => {
    home = madeHome
    store = madeStore
    run = (await createRun(store, home.folder)).store
  })

  const LATER = systemClock.now() + 3_600_000

  /** Planned batches of these models, by number. */
  async function planned(...models: readonly string[]): Promise<readonly number[]> {
    const keys: number[] = []
    for (const [index, model] of models.entries())
      keys.push(await run.addBatch(batchOf([index], { target: { ...TARGET, model } })))
    return keys
  }

  const numbers = async (mostUnsent?: number): Promise<readonly number[]> =>
    (await run.unfinishedAttempts(mostUnsent)).map(({ batch }) => batch)

  describe('the unfinished attempts of a run', () => {
    it('are the newest of each batch, but for those in a final stage', async () => {
      const [, rejected = 0, cancelled = 0, held = 0] = await planned('a', 'a', 'a', 'a')
      const { attempt } = batchOf([1])
      await run.moveAttempt(rejected, 'planned', 'held', { heldFrom: 'planned' })
      await run.replaceAttempt({ key: rejected, from: 'held', to: 'rejected', next: attempt })
      await run.moveAttempt(cancelled, 'planned', 'cancelled')
      await run.moveAttempt(held, 'planned', 'held', { heldFrom: 'planned' })
      const current = await run.currentAttempts()
      expect(current.map(({ stage }) => stage)).toEqual(['planned', 'planned', 'cancelled', 'held'])
      expect(await run.unfinishedAttempts()).toEqual(current.filter(({ stage }) => !FINAL_STAGES.includes(stage)))
    })

    it('may be asked for with those of each target only that are sent next', async () => {
      const keys = await planned('a', 'a', 'b', 'a', 'a', 'b')
      await run.noteAttempt(keys[0] ?? 0, { nextAt: LATER })
      expect(await numbers(1)).toEqual([2, 3])
      expect(await numbers(2)).toEqual([2, 3, 4, 6])
      await run.moveAttempt(keys[1] ?? 0, 'planned', 'uploaded')
      // What is under way already is told however much there is of it.
      expect(await numbers(1)).toEqual([2, 3, 4])
      for (const key of [keys[3] ?? 0, keys[4] ?? 0]) await run.noteAttempt(key, { nextAt: LATER + 1 })
      expect(await numbers(1)).toEqual([1, 2, 3])
    })

    it('always have the requests that are asked directly, for which the others wait', async () => {
      const made = await createRun(store, home.folder)
      run = made.store
      for (const kind of ['batch', 'direct', 'direct'] as const) await addNew(made, range(1, 0), kind)
      expect(await numbers(0)).toEqual([2, 3])
    })
  })

  describe('the unaudited attempts of a run', () => {
    it('are those of batches that the provider has shown, finished ones and ones that were replaced among them', async () => {
      const keys = await planned('a', 'a', 'a', 'a')
      const [fresh = 0, seen = 0, refused = 0, audited = 0] = keys
      for (const key of keys) await run.moveAttempt(key, 'planned', 'submitted', { remoteId: `batch_${key}` })
      for (const key of [seen, refused, audited]) await run.noteAttempt(key, { polls: 1 })
      await run.moveAttempt(refused, 'submitted', 'ended')
      await run.replaceAttempt({ key: refused, from: 'ended', to: 'rejected', next: batchOf([2]).attempt })
      await run.noteAttempt(audited, { auditedAt: 1 })
      expect((await run.unauditedAttempts()).map(({ key }) => key)).toEqual([seen, refused])
      await run.noteAttempt(fresh, { polls: 1 })
      expect((await run.unauditedAttempts()).map(({ key }) => key)).toEqual([fresh, seen, refused])
    })
  })
})
