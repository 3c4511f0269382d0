import { describe, expect, it, vi } from 'vitest'
import type { Run } from '../../src/index.ts'
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
import { heldClock } from '../support/held-clock.ts'
import { jumpyClock } from '../support/jumpy-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { inPlace, lastRunIn } from '../support/open-place.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 6
const DAY_MS = 24 * 3_600_000
const ALL = Array.from({ length: ROWS }, () => 'succeeded')
const BOUGHT_ONCE = { batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 }

/** A provider that takes its time, longer than every wait of the run, or says things too early. */
const SLOW: readonly {
  readonly title: string
  readonly durations?: object
  readonly faults?: readonly string[]
}[] = [
  { title: 'in validation for longer than every wait', durations: { validateMs: 2_500 } },
  { title: 'at work for longer than every wait, with nothing done', durations: { runMs: 2_500 } },
  { title: 'finalizing with every row counted as done', durations: { finalizeMs: 2_500 } },
  { title: 'called completed while it still runs', faults: ['get:1-2=batch-status(completed)'] },
  { title: 'called expired while it still runs, once', faults: ['get:1=batch-status(expired)'] },
  { title: 'called failed while it still runs, once', faults: ['get:1=batch-status(failed)'] },
  { title: 'called by a word in another letter case', faults: ['get:1-4=batch-status(QUEUED)'] },
  { title: 'hard to reach for its files', faults: ['content:1-8=status(503)'] },
  { title: 'without sizes of its files', faults: ['file=status(404)'] },
]

const MISTRAL_WORDS: Readonly<Record<string, string>> = {
  completed: 'SUCCESS',
  expired: 'TIMEOUT_EXCEEDED',
  failed: 'FAILED',
  in_progress: 'RUNNING',
  QUEUED: 'queued',
}

/** Drives a run until its batch is submitted, and lets go of it. */
async function leaveRun(run: Run): Promise<void> {
  const stop = new AbortController()
  run.on('event', (event) => {
    if (event.type === 'batch' && event.stage === 'submitted') stop.abort()
  })
  await run.finished({ signal: stop.signal })
  await run.close()
}

describe.concurrent.each(PROVIDERS)('a batch at %s', (provider) => {
  it.for(SLOW)('that is $title is waited for and never sent again', async (item, { onTestFinished }) => {
    const inTheirWords = (fault: string): string =>
      fault.replace(/\((\w+)\)/, (_, word: string) => `(${MISTRAL_WORDS[word] ?? word})`)
    const { durations = { runMs: 150 }, faults = [] } = item
    const world = await openWorld({
      onFinished: onTestFinished,
      waits: SHORT_LIMITS,
      durations,
      faults: provider === 'mistral' ? faults.map(inTheirWords) : faults,
    })
    const { run } = await finish(await startIn(world, provider, questions(ROWS)))
    expect(run).toMatchObject({ state: 'completed' })
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it.for([
    ['names no result file', 'get=ids-hidden', /names no result file/],
    ['is not found any more', 'get:2+=status(404)', /no longer knows batch/],
    ['cannot give its result file', 'content=status(404)', /result files cannot be found/],
  ] as const)('that %s is held, never bought again, and collected once it can be', async (item, context) => {
    const [, fault, reason] = item
    const waits = { ...SHORT_LIMITS, absent: '300ms' }
    const { clock, release } = heldClock()
    if (!fault.startsWith('get:2')) release()
    const world = await openWorld({ onFinished: context.onTestFinished, waits, clock, faults: [fault] })
    const held = await finish(await startIn(world, provider, questions(ROWS)))
    release()
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(reason) })
    expect(positive(held.counts)).toEqual({ batched: ROWS })
    const stillHeld = await finish(await reopenIn(world))
    expect(stillHeld.run).toMatchObject({ state: 'held', reason: expect.stringMatching(reason) })
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
    world.server.setFaults([])
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('that is past the instant it should have expired at is waited for and never sent again', async ({
    onTestFinished,
  }) => {
    const [atProvider, clock] = [heldClock(), jumpyClock()]
    const options = { onFinished: onTestFinished, waits: SHORT_WAITS, clock: atProvider.clock }
    const world = await openWorld(options)
    await leaveRun(await startIn(world, provider, questions(ROWS)))
    clock.jump(2 * DAY_MS)
    await inPlace(world, { clock }, lastRunIn, async ({ handle }, { store }) => {
      const driving = handle.drive()
      const polls = async (): Promise<number> => (await store.read(handle.id).currentAttempts())[0]?.polls ?? 0
      await vi.waitFor(async () => expect(await polls()).toBeGreaterThan(20), PATIENCE)
      atProvider.release()
      expect((await driving).report.run.state).toBe('completed')
    })
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('that the provider calls failed although it has results is harvested', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    await leaveRun(await startIn(world, provider, questions(ROWS)))
    await world.server.drain()
    world.server.setFaults([`get=batch-status(${provider === 'openai' ? 'failed' : 'FAILED'})`])
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('that the provider called refused and finished all the same is collected by a resume, and not sent again', async ({
    onTestFinished,
  }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    await leaveRun(await startIn(world, provider, questions(ROWS)))
    await world.server.drain()
    world.server.setFaults([`get=batch-status(${provider === 'openai' ? 'failed' : 'FAILED'})`, 'get=ids-hidden'])
    expect((await finish(await reopenIn(world))).run.state).toBe('held')
    world.server.setFaults([])
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('that is not found at first after a long sleep is looked for again', async ({ onTestFinished }) => {
    const waits = { ...SHORT_WAITS, absent: '50ms' }
    const world = await openWorld({ onFinished: onTestFinished, waits })
    await leaveRun(await startIn(world, provider, questions(ROWS)))
    await world.server.drain()
    world.server.setFaults(['get:1-2=status(404)'])
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it.for([
    ['in both files counts once, as the success it is', 'run:1=in-both-files', { succeeded: ROWS }],
    ['with status 0 is no success, and not bought again', 'run:1=row-status(0@1)', { failed: ROWS }],
  ] as const)('with a row %s', async ([, fault, counts], { onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults: [fault] })
    const finished = await finish(await startIn(world, provider, questions(ROWS)))
    expect(positive(finished.counts)).toEqual(counts)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })
})
