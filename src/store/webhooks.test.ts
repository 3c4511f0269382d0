import { describe, expect, it } from 'vitest'
import { ENGINES, forEachHome, type TestHome } from '../../test/support/engines.ts'
import { batchOf, createRun, TARGET } from '../../test/support/stored-run.ts'
import type { Store, Webhook } from './store.ts'

const FAR = 9_000_000_000_000

describe.each(ENGINES)('in $name', (engine) => {
  let home: TestHome
  let store: Store

  forEachHome(engine, (madeHome, madeStore) => {
    home = madeHome
    store = madeStore
  })

  it('a webhook makes the next look at its batch due once, and touches no other batch and no other provider', async () => {
    const { id, store: run } = await createRun(store, home.folder)
    const keys: number[] = []
    for (const remoteId of ['batch_1', 'batch_2', 'batch_3']) {
      const key = await run.addBatch(batchOf([keys.length]))
      await run.moveAttempt(key, 'planned', 'submitted', { remoteId, nextAt: FAR })
      keys.push(key)
    }
    const [named = 0, other = 0, failing = 0] = keys
    await run.noteAttempt(failing, { failures: 1 })
    const nextAt = async (key: number) => (await run.allAttempts()).find((attempt) => attempt.key === key)?.nextAt

    expect(await store.wake(webhook({ id: 'foreign', providers: ['another'] }))).toEqual([])
    expect(await store.wake(webhook({ id: 'unknown', batchIds: ['batch_9'] }))).toEqual([])
    expect(await store.wake(webhook({ id: 'waits', batchIds: ['batch_3'] }))).toEqual([])
    expect(await nextAt(named)).toBe(FAR)
    expect(await store.wake(webhook({ id: 'first' }))).toEqual([id])
    const wokenAt = (await nextAt(named)) ?? FAR
    expect(wokenAt).toBeLessThan(FAR)
    expect([await nextAt(other), await nextAt(failing)]).toEqual([FAR, FAR])

    // A copy of it, after the look.
    await run.noteAttempt(named, { nextAt: FAR }, wokenAt)
    expect(await store.wake(webhook({ id: 'first' }))).toEqual([])
    expect(await nextAt(named)).toBe(FAR)
    // The same id by another secret is another webhook.
    expect(await store.wake(webhook({ id: 'first', sender: 'ANOTHER_SECRET' }))).toEqual([id])
  })

  it('a webhook that comes during a look leaves the batch due', async () => {
    const { store: run } = await createRun(store, home.folder)
    const key = await run.addBatch(batchOf([0]))
    await run.moveAttempt(key, 'planned', 'submitted', { remoteId: 'batch_1', nextAt: 5 })
    await store.wake(webhook({ id: 'meanwhile' }))
    const looked = await run.noteAttempt(key, { nextAt: FAR, polls: 1 }, 5)
    expect(looked).toMatchObject({ nextAt: 4, polls: 1 })
    expect((await run.noteAttempt(key, { nextAt: FAR }, 4)).nextAt).toBe(FAR)
  })
})

function webhook(facts: Partial<Webhook>): Webhook {
  return { sender: 'A_SECRET', id: 'id', providers: [TARGET.provider], batchIds: ['batch_1'], ...facts }
}
