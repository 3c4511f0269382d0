import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Run } from '../../src/index.ts'
import {
  finalBooks,
  PROVIDERS,
  type ProviderName,
  positive,
  promptRows,
  readStatuses,
  reopenIn,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const ROWS = 12
const INPUT = promptRows(Array.from({ length: ROWS }, (_, index) => `Question ${index}.`))

/** Half of its rows are answered as soon as a batch is at work, and no more. */
const AT_ONCE = { waits: SHORT_WAITS, durations: { runMs: 0 } }

/** A quarter of it is kept for cancelling and harvesting: more than a second, also where the machine is slow. */
const IN_TIME = '5s'

/** A run that is seen at work on the batch which ends halfway, however long it took to come there. */
async function halfDone(world: LocalWorld, provider: ProviderName = 'openai', batch = 1): Promise<Run> {
  const run = await startIn(world, provider, INPUT)
  const stop = new AbortController()
  run.on('event', (event) => {
    if (event.type === 'batch' && event.batch === batch && event.remoteStatus === 'in_progress') stop.abort()
  })
  await run.finished({ signal: stop.signal })
  await run.close()
  return await reopenIn(world)
}

describe('a deadline', () => {
  it.each(PROVIDERS)('cancels and harvests what is unfinished at %s, and retry sends only that', async (provider) => {
    const world = await openWorld({ ...AT_ONCE, faults: ['run:1=stuck(0.5)'] })
    const run = await halfDone(world, provider)
    const ended = await run.finished({ deadline: IN_TIME })
    await run.close()
    expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
    expect(positive(ended.counts)).toMatchObject({ succeeded: 6 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 6 })
    expect(await readStatuses(world)).toHaveLength(ROWS)
  })

  it('sends nothing more once it is near, and no row is lost or bought twice', async () => {
    const limits = { maxRequests: 4, maxOpenBatches: 1 }
    const world = await openWorld({ ...AT_ONCE, config: { limits }, faults: ['run:2=stuck(0.5)'] })
    const run = await halfDone(world, 'openai', 2)
    const ended = await run.finished({ deadline: IN_TIME })
    await run.close()
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 6, repeated: [] })
  })

  it('ends the waiting although the provider does not answer, and a later look harvests', async () => {
    const world = await openWorld({ ...AT_ONCE, faults: ['run:1=stuck(0.5)', 'cancel=cancel-ignored'] })
    const run = await halfDone(world)
    const ended = await run.finished({ deadline: '1s' })
    await run.close()
    expect(ended.run.state).toBe('cancelling')
    expect(positive(ended.counts)).toEqual({ batched: ROWS })
    world.server.setFaults([])
    const later = await reopenIn(world)
    const harvested = await later.finished()
    await later.close()
    expect(harvested.run.state).toBe('cancelled')
    expect(positive(harvested.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 6, repeated: [] })
  })

  it('that no process waited for is heeded by the next process', async () => {
    const world = await openWorld({ ...AT_ONCE, faults: ['run:1=stuck(0.5)'] })
    const run = await halfDone(world)
    await run.finished({ deadline: '600ms', signal: AbortSignal.timeout(100) })
    await run.close()
    await sleep(600)
    const later = await reopenIn(world)
    const ended = await later.finished()
    await later.close()
    expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
  })

  it('that is not reached changes nothing, and can be taken away', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const run = await startIn(world, 'openai', INPUT)
    const ended = await run.finished({ deadline: new Date(Date.now() + 3_600_000) })
    await run.close()
    expect(ended.run.state).toBe('completed')
    expect(positive(ended.counts)).toEqual({ succeeded: ROWS })
  })

  it('in the past is refused before anything is sent', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const run = await startIn(world, 'openai', INPUT)
    await expect(run.finished({ deadline: new Date(0) })).rejects.toMatchObject({ code: 'usage' })
    await run.close()
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
  })
})
