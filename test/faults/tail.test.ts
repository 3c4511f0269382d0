import { describe, expect, it, vi } from 'vitest'
import type { Driven, DriveOptions } from '../../src/library/handle.ts'
import { takeRun } from '../../src/prepare/start.ts'
import { findRun } from '../../src/workspace/find-run.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import {
  finalBooks,
  PROVIDERS,
  type ProviderName,
  positive,
  promptRows,
  readAnswers,
  reopenIn,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { jumpyClock } from '../support/jumpy-clock.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { type HandledRun, inPlace, lastRunIn, openPlace } from '../support/open-place.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 12

function inputOf(rows: number): string {
  return promptRows(Array.from({ length: rows }, (_, index) => `Question ${index}.`))
}

/** One dollar for each token that is read, at the full price. */
const PRICE = { inputUsdPerMillion: 1_000_000, outputUsdPerMillion: 0 }
const PRICED = { prices: { 'openai/gpt-6-luna': PRICE, 'mistral/mistral-small-latest': PRICE } }

const MINUTE_MS = 60_000

/** Half of it is kept for winding up and asking the rest. */
const HOUR: DriveOptions = { deadline: { afterMs: 60 * MINUTE_MS }, tail: 'direct' }

interface HalfDone {
  readonly config?: object
  readonly provider?: ProviderName
  readonly rows?: number
}

/** Half of its one batch is answered as soon as it is at work, and no more. */
async function openHalfDone(
  faults: readonly string[] = [],
  { config = {}, provider = 'openai', rows = ROWS }: HalfDone = {},
): Promise<LocalWorld> {
  const durations = { runMs: 0 }
  const world = await openWorld({ waits: SHORT_WAITS, durations, config, faults: ['run:1=stuck(0.5)', ...faults] })
  await (await startIn(world, provider, inputOf(rows))).close()
  await inPlace(world, {}, lastRunIn, async ({ handle }, { store }) => {
    const stop = new AbortController()
    const driving = handle.drive({ signal: stop.signal })
    await vi.waitFor(async () => {
      const half = { batch: 1, stage: 'submitted', remoteCompleted: rows / 2 }
      expect(await store.read(handle.id).currentAttempts()).toContainEqual(expect.objectContaining(half))
    }, PATIENCE)
    stop.abort()
    await driving
  })
  return world
}

/** Drives the run with a deadline in an hour, and jumps to where that is near; `meanwhile` is done then. */
async function driveUntilNear(
  world: LocalWorld,
  meanwhile: (run: HandledRun, clock: ReturnType<typeof jumpyClock>) => Promise<void> = () => Promise.resolve(),
): Promise<Driven['report'] & Pick<HandledRun, 'events'>> {
  const clock = jumpyClock()
  return await inPlace(world, { clock }, lastRunIn, async (run, workspace) => {
    const driving = run.handle.drive(HOUR)
    await untilDeadlineIsSet(workspace, run.handle.id)
    await untilAtWork(workspace, run.handle.id)
    clock.jump(40 * MINUTE_MS)
    await meanwhile(run, clock)
    return { ...(await driving).report, events: run.events }
  })
}

async function untilDeadlineIsSet({ store }: Workspace, run: string): Promise<void> {
  await vi.waitFor(async () => expect((await store.read(run).record()).deadline).not.toBeNull(), PATIENCE)
}

/**
 * A deadline that comes before gives up what was not sent, and leaves nothing over that a tail could take; nor does one that
 * meets a batch before it is at work, because rows that it never lists may have been billed.
 */
async function untilAtWork({ store }: Workspace, run: string): Promise<void> {
  await vi.waitFor(async () => {
    const attempts = await store.read(run).unfinishedAttempts()
    // None at all is a retry whose batch is still being planned.
    expect(attempts).not.toEqual([])
    for (const attempt of attempts) expect(attempt).toMatchObject({ stage: 'submitted', remoteStatus: 'in_progress' })
  }, PATIENCE)
}

async function untilFired(world: LocalWorld, call: string, times = 1): Promise<void> {
  await vi.waitFor(() => {
    expect(world.server.firedFaults().filter((fired) => fired.call === call).length).toBeGreaterThanOrEqual(times)
  }, PATIENCE)
}

describe('a tail', () => {
  it.each(PROVIDERS)('asks what the deadline leaves over directly at %s, each row once', async (provider) => {
    const world = await openHalfDone([], { config: PRICED, provider })
    const { cost, counts, run } = await driveUntilNear(world)
    expect(run.state).toBe('completed')
    expect(positive(counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, directCalls: 6, rowsBilled: 6, repeated: [] })
    const answers = await readAnswers(world)
    expect(answers.map(({ llm_output }) => llm_output?.split(' ').at(-1))).toEqual(
      answers.map((_, index) => `nonce:r-${index}`),
    )
    // The full price for what was asked directly, half of it for the others; and the report tells both.
    const perToken = answers.map(
      ({ llm_cost_usd, llm_prompt_tokens }) => (llm_cost_usd ?? 0) / (llm_prompt_tokens ?? 1),
    )
    expect(perToken.toSorted((one, other) => one - other)).toEqual([...Array(6).fill(0.5), ...Array(6).fill(1)])
    const direct = answers.filter((_, index) => perToken[index] === 1)
    const directUsd = direct.reduce((sum, { llm_cost_usd }) => sum + (llm_cost_usd ?? 0), 0)
    expect(cost.tail).toEqual({ answers: 6, totalUsd: directUsd, batchUsd: directUsd / 2 })
  })

  it('asks nothing while a batch is alive, however long its cancellation takes', async () => {
    const world = await openHalfDone(['cancel=cancel-ignored'])
    const ended = await driveUntilNear(world, async () => {
      await untilFired(world, 'cancel', 3)
      expect(await world.server.ledger()).toMatchObject({ directCalls: 0 })
      world.server.setFaults([])
    })
    expect(positive(ended.counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 6, rowsBilled: 6, repeated: [] })
  })

  it('does not begin where the provider has not ended its batches by the deadline', async () => {
    const world = await openHalfDone(['cancel=cancel-ignored'])
    const late = await driveUntilNear(world, async (_, clock) => {
      await untilFired(world, 'cancel')
      clock.jump(30 * MINUTE_MS)
    })
    expect(late.run.state).toBe('cancelling')
    world.server.setFaults([])
    const clock = jumpyClock(70 * MINUTE_MS)
    const harvested = await inPlace(world, { clock }, lastRunIn, async ({ handle }) => (await handle.drive()).report)
    expect(harvested.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
    expect(positive(harvested.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, rowsBilled: 6, repeated: [] })
  })

  it('does not begin where a person has cancelled the run meanwhile', async () => {
    const world = await openHalfDone(['cancel=cancel-ignored'])
    const ended = await driveUntilNear(world, async ({ handle }) => {
      await untilFired(world, 'cancel')
      await handle.cancel()
      world.server.setFaults([])
    })
    expect(ended.run.state).toBe('cancelled')
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, rowsBilled: 6, repeated: [] })
  })

  it('does not begin where a create was repeated on the way, because its double may be alive', async () => {
    const world = await openHalfDone(['create:1=repeat'])
    const ended = await driveUntilNear(world)
    expect(ended.run.state).toBe('cancelled')
    expect(ended.events).toContainEqual(expect.objectContaining({ code: 'tail' }))
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, directCalls: 0 })
  })

  it('ends at the deadline itself, and what was not asked by then stays cancelled', async () => {
    const world = await openHalfDone(['direct:1=slow(1)', 'direct:2+=retry-after(3600)'])
    const ended = await driveUntilNear(world, async (_, clock) => {
      await untilFired(world, 'direct', 2)
      clock.jump(30 * MINUTE_MS)
    })
    expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline' })
    expect(positive(ended.counts)).toEqual({ succeeded: 7, cancelled: 5 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 1, repeated: [] })
  })

  it('goes on after calls that the provider had no room for, and after one that was not answered', async () => {
    const world = await openHalfDone(['direct:2=retry-after(0)', 'direct:4=accept-then-reset'])
    const ended = await driveUntilNear(world)
    expect(positive(ended.counts)).toEqual({ succeeded: 11, missing: 1 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 6, rowsBilled: 6, repeated: [] })
  })

  it('sets the cost of a hundred rows aside together, and asks each of them once', async () => {
    const world = await openHalfDone([], { rows: 210 })
    const { attempts, counts } = await driveUntilNear(world)
    expect(positive(counts)).toEqual({ succeeded: 210 })
    const sizes = attempts.map(({ kind, requestCount, stage }) => [kind, requestCount, stage])
    expect(sizes).toEqual([
      ['batch', 210, 'collected'],
      ['tail', 100, 'collected'],
      ['tail', 5, 'collected'],
    ])
    expect(await finalBooks(world)).toMatchObject({ directCalls: 105, rowsBilled: 105, repeated: [] })
  })

  it('is held where call after call is not answered, and goes on with the others when it is taken up', async () => {
    const world = await openHalfDone(['direct=status(500)'])
    const held = await driveUntilNear(world)
    expect(held.run).toMatchObject({ state: 'held', reason: { kind: 'calls_unclear', calls: 5 } })
    world.server.setFaults([])
    const run = await reopenIn(world)
    // Whatever is given back now would be bought at the full price.
    await expect(run.retry({ status: 'missing' })).rejects.toThrow('is being asked directly')
    const ended = await run.finished()
    await run.close()
    expect(positive(ended.counts)).toEqual({ succeeded: 7, missing: 5 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 1, repeated: [] })
  })

  it('does not begin where a batch is held for a decision', async () => {
    const world = await openHalfDone()
    const place = await openPlace(world)
    const { id } = await findRun(place.store, 'last')
    const { lock, store } = await takeRun(place, id)
    for (const { key } of await store.currentAttempts()) {
      await store.moveAttempt(key, 'submitted', 'held', { heldFrom: 'submitted' })
    }
    lock.release()
    await place.close()
    const held = await inPlace(world, {}, lastRunIn, async ({ handle }) => (await handle.drive(HOUR)).report)
    expect(held.run.state).toBe('held')
    const clock = jumpyClock(40 * MINUTE_MS)
    const ended = await inPlace(world, { clock }, lastRunIn, async ({ handle }) => (await handle.drive()).report)
    expect(ended.run).toMatchObject({ state: 'cancelled', cancelCause: 'deadline', deadline: { tail: null } })
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, rowsBilled: 6 })
  })

  it('stays within the budget, at the full price, and goes on with a higher one', async () => {
    const world = await openHalfDone([], { config: PRICED })
    const { reservedUsd } = await inPlace(world, {}, lastRunIn, async ({ handle }) => (await handle.report()).cost)
    // The batch fits; half of its rows at twice the price, with what the other half has cost, do not.
    await (await reopenIn(world, {}, { budget: { maxCostUsd: reservedUsd } })).close()
    const held = await driveUntilNear(world)
    expect(held.run).toMatchObject({ state: 'held', reason: { kind: 'batch_held', why: { kind: 'over_budget' } } })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, rowsBilled: 6 })
    const run = await reopenIn(world, {}, { budget: { maxCostUsd: 2 * reservedUsd } })
    const ended = await run.finished()
    await run.close()
    expect(positive(ended.counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 6, repeated: [] })
  })

  it('leaves alone what a person had cancelled before', async () => {
    const world = await openHalfDone()
    const cancelled = await inPlace(world, {}, lastRunIn, async ({ handle }) => {
      await handle.cancel()
      return (await handle.drive()).report
    })
    expect(positive(cancelled.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    // Only the others are bought once more, and none of them is answered in a batch.
    world.server.setFaults(['run=stuck(0)'])
    await inPlace(world, {}, lastRunIn, async ({ handle }) => {
      await handle.reopen({ statuses: ['succeeded'], maxTokens: null })
    })
    const ended = await driveUntilNear(world)
    expect(positive(ended.counts)).toEqual({ succeeded: 6, cancelled: 6 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 6 })
  })
})
