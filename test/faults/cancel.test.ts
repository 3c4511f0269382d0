import { describe, expect, it, vi } from 'vitest'
import type { Run, RunEvent } from '../../src/index.ts'
import { expectExit, type } from '../support/command.ts'
import {
  finalBooks,
  finish,
  PROVIDERS,
  positive,
  readStatuses,
  reopenIn,
  SHORT_LIMITS,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { heldFaults, UNTIL_RELEASED } from '../support/held-clock.ts'
import { RawClient } from '../support/local-server.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 12
/** Two batches of six rows each. */
const CONFIG = { limits: { maxRequests: 6 } }

/** Resolves with the first event that fits. */
function event(run: Run, fits: (event: RunEvent) => boolean): Promise<RunEvent> {
  return new Promise((resolve) => {
    run.on('event', (happened) => {
      if (fits(happened)) resolve(happened)
    })
  })
}

function isCollected(happened: RunEvent): boolean {
  return happened.type === 'batch' && happened.stage === 'collected'
}

/** A cancellation that comes after a given moment, and what is left of the run then. */
interface Case {
  readonly title: string
  readonly faults: readonly string[]
  /** The moment; the run is cancelled before anything is sent where there is none. */
  readonly after?: (event: RunEvent) => boolean
  /** Where it depends on how far the provider had come, only that every billed row has its answer counts. */
  readonly counts?: Readonly<Record<string, number>>
  /** Rows of the batches that were surely sent before the cancellation. @default 0 */
  readonly leastBilled?: number
  /** True where rows may be in no batch when they are given up, so that no event tells of them. @default false */
  readonly isToldInPart?: boolean
  /** @default limits that never strike */
  readonly waits?: typeof SHORT_WAITS
  /** How many may have been created; on a slow machine the second one comes after the cancellation. */
  readonly batches: readonly number[]
}

const CASES: readonly Case[] = [
  {
    title: 'before anything was sent, sends nothing',
    faults: [],
    counts: { cancelled: ROWS },
    batches: [0],
  },
  {
    title: 'keeps what was finished by then, also of the batch that is cancelled',
    faults: ['run:1=stuck(0.5)'],
    after: isCollected,
    counts: { succeeded: 9, cancelled: 3 },
    batches: [2],
  },
  {
    title: 'keeps what was finished where the other rows are in neither file',
    faults: ['run:1=stuck(0.5)', 'run:1=unfinished-absent'],
    after: isCollected,
    counts: { succeeded: 9, cancelled: 3 },
    batches: [2],
  },
  {
    title: 'that the provider confirms and ignores, collects what was bought',
    faults: ['cancel=cancel-ignored'],
    after: (happened) => happened.type === 'batch' && happened.stage === 'submitted',
    leastBilled: ROWS / 2,
    batches: [1, 2],
  },
  {
    title: 'that comes too late, collects what was bought',
    faults: ['cancel=status(409)'],
    after: (happened) => happened.type === 'batch' && happened.stage === 'submitted',
    leastBilled: ROWS / 2,
    batches: [1, 2],
  },
  {
    title: 'gives up a batch whose create was refused, and keeps the other one',
    faults: ['create:1=status(400)'],
    after: isCollected,
    counts: { succeeded: 6, cancelled: 6 },
    batches: [1],
  },
  {
    title: 'finds the batch of an unanswered create, and cancels that',
    faults: ['create:1=accept-then-reset', 'list:2-3=status(500)', 'run=stuck(0.5)'],
    after: (happened) => happened.type === 'batch' && happened.stage === 'unconfirmed',
    batches: [2],
  },
  {
    title: 'of an unanswered create that made nothing, ends without a batch for it',
    faults: ['create=reset'],
    after: (happened) => happened.type === 'batch' && happened.stage === 'unconfirmed',
    counts: { cancelled: ROWS },
    isToldInPart: true,
    waits: SHORT_LIMITS,
    batches: [0],
  },
]

describe.concurrent.each(PROVIDERS)('a cancellation at %s', (provider) => {
  it.for(CASES)('$title', async (item, { onTestFinished }) => {
    const world = await openWorld({
      onFinished: onTestFinished,
      waits: item.waits ?? SHORT_WAITS,
      config: CONFIG,
      faults: item.faults,
      durations: { runMs: 0 },
    })
    const run = await startIn(world, provider, questions(ROWS))
    const told = new Map<string, number>()
    run.on('event', (happened) => {
      if (happened.type !== 'settled') return
      for (const [status, rows] of Object.entries(happened.rows)) told.set(status, (told.get(status) ?? 0) + rows)
    })
    if (item.after) {
      const driven = run.finished()
      await event(run, item.after)
      await run.cancel()
      await driven
    } else await run.cancel()
    const { counts, run: record } = await finish(run)
    expect(record.state).toBe('cancelled')
    const { batches, counts: expected = positive(counts) } = item
    expect(positive(counts)).toEqual(expected)
    expect(tally(await readStatuses(world))).toEqual(expected)
    expect(item.isToldInPart ? expected : Object.fromEntries(told)).toEqual(expected)
    const rowsBilled = expected['succeeded'] ?? 0
    expect(rowsBilled).toBeGreaterThanOrEqual(item.leastBilled ?? 0)
    expect(rowsBilled + (expected['cancelled'] ?? 0)).toBe(ROWS)
    const books = await finalBooks(world)
    expect(books).toMatchObject({ rowsBilled, rowsBilledAgain: 0 })
    expect(batches).toContain(books.batchesCreated)
  })

  it('of a run whose batch is held without results takes it up and leaves nothing waiting', async ({
    onTestFinished,
  }) => {
    const faults = ['get=ids-hidden']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_LIMITS, faults })
    expect((await finish(await startIn(world, provider, questions(4)))).run.state).toBe('held')
    world.server.setFaults([])
    const run = await reopenIn(world)
    const { counts, run: record } = await run.cancel()
    await run.close()
    expect(record.state).toBe('cancelled')
    expect(positive(counts)).toEqual({ succeeded: 4 })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })

  it('while it cannot be known whether a batch was made holds it, with the money named, until it is given up', async ({
    onTestFinished,
  }) => {
    const faults = ['create=reset', 'delete=delete-ignored']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_LIMITS, faults })
    const run = await startIn(world, provider, questions(4))
    const driven = run.finished()
    await event(run, (happened) => happened.type === 'batch' && happened.stage === 'unconfirmed')
    await run.cancel()
    await driven
    const { counts, run: record } = await finish(run)
    expect(record.state).toBe('held')
    expect(record.reason).toMatch(/cannot be decided.* its 4 requests cost .*to give them up/)
    expect(positive(counts)).toEqual({ batched: 4 })
    const giveUp = ['resume', 'last', '--config', world.configPath, '--on-unknown-create', 'give-up', '--json']
    const ended = await type({ folder: world.folder, environment: world.environment }, ...giveUp)
    expectExit(ended, 4)
    expect(JSON.parse(ended.stdout)).toMatchObject({ run: { state: 'cancelled' }, counts: { missing: 4 } })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
  })

  it('while an input file is on its way lets that be, and sends nothing more', async ({ onTestFinished }) => {
    const { clock, release } = heldFaults()
    const faults = [`upload=slow(${UNTIL_RELEASED})`]
    const options = { onFinished: onTestFinished, waits: SHORT_WAITS, config: CONFIG, clock, faults }
    const world = await openWorld(options)
    const run = await startIn(world, provider, questions(ROWS))
    const driven = run.finished()
    await vi.waitFor(() => expect(world.server.firedFaults()).not.toEqual([]), PATIENCE)
    const cancelled = run.cancel()
    await vi.waitFor(async () => expect(await run.progress()).toMatchObject({ run: { state: 'cancelling' } }), PATIENCE)
    release()
    const { counts, run: record } = await cancelled
    await driven
    await run.close()
    expect(record.state).toBe('cancelled')
    expect(positive(counts)).toEqual({ cancelled: ROWS })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
  })

  it('in the console of the provider keeps what was finished and buys nothing again by itself', async ({
    onTestFinished,
  }) => {
    const faults = ['run:1=stuck(0.5)']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults })
    const run = await startIn(world, provider, questions(6))
    const driven = run.finished()
    const seen = await event(run, (happened) => happened.type === 'batch' && happened.remoteStatus === 'in_progress')
    const id = seen.type === 'batch' ? seen.remoteId : ''
    const { openaiUrl, mistralUrl } = world.server
    const path = provider === 'openai' ? `${openaiUrl}/batches` : `${mistralUrl}/batch/jobs`
    expect(await new RawClient(path).send('POST', `/${id}/cancel`)).toMatchObject({ status: 200 })
    const { counts, run: record } = await driven
    await run.close()
    expect(record.state).toBe('completed')
    expect(counts.succeeded + counts.cancelled).toBe(6)
    expect(counts.cancelled).toBeGreaterThan(0)
    const rowsBilled = counts.succeeded
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled, rowsBilledAgain: 0 })
  })
})

function tally(statuses: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
