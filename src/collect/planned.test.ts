import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { batch, place, runOf, settle } from '../../test/support/stored-run.ts'
import { systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { openStore } from '../store/sqlite-store.ts'
import type { RunStore, Store } from '../store/store.ts'
import { triesOf } from './planned.ts'

let home: string
let store: Store

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-planned-'))
  store = await openStore({ home, disk: systemDisk, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

/** Ordinals and tries of the newest batch, as it was read and as it is stored. */
async function newest(run: RunStore) {
  const attempt = (await run.currentAttempts()).at(-1)
  if (!attempt) throw new Error('the run has no attempt')
  const tries = await triesOf({ store: run }, attempt)
  const stored = await run.requestsOf(attempt.batchKey, -1, 100)
  return {
    read: [...tries.keys()].map((ordinal) => [ordinal, tries.get(ordinal)]),
    stored: stored.map((request) => [request.ordinal, request.tries]),
  }
}

const UNBILLED = { status: 'failed', billed: 'no', verdict: 'again' } as const

it('knows every request of a batch that nothing was sent of before', async () => {
  const { read, stored } = await newest(await runOf(store, 4))
  expect(read).toEqual([0, 1, 2, 3].map((ordinal) => [ordinal, 0]))
  expect(read).toEqual(stored)
})

it.each([
  ['side by side', [1, 2]],
  ['with others between them', [0, 3]],
])('knows the tries of requests that are sent again, %s', async (_, again) => {
  const run = await runOf(store, 4)
  await settle(run, ...[0, 1, 2, 3].map((ordinal) => ({ ordinal, ...(again.includes(ordinal) ? UNBILLED : {}) })))
  await run.addBatch(batch(again.map((ordinal) => place(ordinal, { row: null }))))
  const { read, stored } = await newest(run)
  expect(read).toEqual(again.map((ordinal) => [ordinal, 1]))
  expect(read).toEqual(stored)
})

it('leaves out requests between them that are in another batch', async () => {
  const run = await runOf(store, 4)
  await settle(run, ...[0, 1, 2, 3].map((ordinal) => ({ ordinal, status: 'failed', billed: 'no' }) as const))
  await run.reopenRequests({ statuses: ['failed'], billed: ['no'], maxTokens: null, canaryAbove: null })
  await run.addBatch(batch([place(1, { row: null })]))
  await run.addBatch(batch([place(0, { row: null }), place(2, { row: null })]))
  const { read, stored } = await newest(run)
  expect(read).toEqual([
    [0, 0],
    [2, 0],
  ])
  expect(read).toEqual(stored)
})
