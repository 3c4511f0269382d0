import { describe, expect, it, vi } from 'vitest'
import type { Driven, DriveOptions } from '../../src/library/handle.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
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
import { jumpyClock } from '../support/jumpy-clock.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { inPlace, lastRunIn } from '../support/open-place.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 12
const INPUT = promptRows(Array.from({ length: ROWS }, (_, index) => `Question ${index}.`))

/** Half of its rows are answered as soon as a batch is at work, and no more. */
const AT_ONCE = { waits: SHORT_WAITS, durations: { runMs: 0 } }

const MINUTE_MS = 60_000

/** A quarter of it is kept for cancelling and harvesting. */
const HOUR: DriveOptions = { deadline: { afterMs: 60 * MINUTE_MS } }

/** Drives the world's run with a deadline in an hour, jumps to where that is near, and drives it to its end. */
async function driveUntilNear(world: LocalWorld): Promise<Driven['report']> {
  const clock = jumpyClock()
  return await inPlace(world, { clock }, lastRunIn, async ({ handle }, workspace) => {
    const driving = handle.drive(HOUR)
    await untilDeadlineIsSet(workspace, handle.id)
    clock.jump(50 * MINUTE_MS)
    return (await driving).report
  })
}

async function untilDeadlineIsSet({ store }: Workspace, run: string): Promise<void> {
  await vi.waitFor(async () => expect((await store.read(run).record()).deadline).not.toBeNull(), PATIENCE)
}

/** Leaves a run that has seen half of a batch answered, which is where that stays. */
async function leaveHalfDone(world: LocalWorld, provider: ProviderName = 'openai', batch = 1): Promise<void> {
  await (await startIn(world, provider, INPUT)).close()
  await inPlace(world, {}, lastRunIn, async ({ handle }, { store }) => {
    const stop = new AbortController()
    const driving = handle.drive({ signal: stop.signal })
    const half = { batch, stage: 'submitted', remoteCompleted: batch === 1 ? ROWS / 2 : 2 }
    await vi.waitFor(async () => {
      expect(await store.read(handle.id).currentAttempts()).toContainEqual(expect.objectContaining(half))
    }, PATIENCE)
    stop.abort()
    await driving
  })
}

describe('a deadline', () => {
  it.each(PROVIDERS)('cancels and harvests what is unfinished at %s, and retry sends only that', async (provider) => {
    const world = await openWorld({ ...AT_ONCE, faults: ['run:1=stuck(0.5)'] })
    await leaveHalfDone(world, provider)
    const ended = await driveUntilNear(world)
    expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
    expect(positive(ended.counts)).toMatchObject({ succeeded: 6 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 6 })
    expect(await readStatuses(world)).toHaveLength(ROWS)
  })

  it('sends nothing more once it is near, and no row is lost or bought twice', async () => {
    const limits = { maxRequests: 4, maxOpenBatches: 1 }
    const world = await openWorld({ ...AT_ONCE, config: { limits }, faults: ['run:2=stuck(0.5)'] })
    await leaveHalfDone(world, 'openai', 2)
    const ended = await driveUntilNear(world)
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 6, repeated: [] })
  })

  it('ends the waiting although the provider does not answer, and a later look harvests', async () => {
    const world = await openWorld({ ...AT_ONCE, faults: ['run:1=stuck(0.5)', 'cancel=cancel-ignored'] })
    await leaveHalfDone(world)
    const run = await reopenIn(world)
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
    await leaveHalfDone(world)
    const clock = jumpyClock()
    await inPlace(world, { clock }, lastRunIn, async ({ handle }, workspace) => {
      const stop = new AbortController()
      const driving = handle.drive({ ...HOUR, signal: stop.signal })
      await untilDeadlineIsSet(workspace, handle.id)
      stop.abort()
      await driving
    })
    clock.jump(61 * MINUTE_MS)
    const ended = await inPlace(world, { clock }, lastRunIn, async ({ handle }) => (await handle.drive()).report)
    expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
  })

  it.each([undefined, 'direct'] as const)(
    'ends the looking for work that was sent before, and nothing is sent without it (tail: %s)',
    async (tail) => {
      const world = await openWorld({ ...AT_ONCE, faults: ['list=status(500)'] })
      await (await startIn(world, 'openai', INPUT)).close()
      const clock = jumpyClock()
      const ended = await inPlace(world, { clock }, lastRunIn, async ({ handle }, workspace) => {
        const driving = handle.drive({ ...HOUR, tail })
        await untilDeadlineIsSet(workspace, handle.id)
        clock.jump(61 * MINUTE_MS)
        return (await driving).report
      })
      expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
      expect(positive(ended.counts)).toEqual({ cancelled: ROWS })
      expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0, directCalls: 0 })
    },
  )

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
