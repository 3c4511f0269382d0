import { expect, it, vi } from 'vitest'
import { openRun, type RunEvent, startRun, startWorker, type WorkerNews } from '../../src/index.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const ENDLESS = { durations: { runMs: 3_600_000 } }

function placeOf({ configPath, environment }: LocalWorld) {
  return { config: configPath, environment }
}

/** Makes a run of two rows, of which nothing is sent. */
async function leaveRun(world: LocalWorld): Promise<void> {
  const input = [{ text: 'one nonce:a' }, { text: 'two nonce:b' }]
  const asked = { name: 'left', input, model: 'openai/gpt-6-luna', prompt: '{{text}}' }
  await using _ = await startRun({ ...asked, ...placeOf(world) })
}

it('a worker of a program carries out a run that was left, and tells what it comes to', async () => {
  const world = await openWorld()
  await leaveRun(world)
  const [news, events]: [WorkerNews[], RunEvent[]] = [[], []]
  {
    const listeners = { onNews: (one: WorkerNews) => void news.push(one), onEvent: (one: RunEvent) => events.push(one) }
    await using worker = await startWorker({ ...placeOf(world), once: true, ...listeners })
    await worker.finished()
    expect(worker.counts).toMatchObject({ rounds: expect.any(Number), troubles: 0, inHand: 0 })
  }
  const run = { name: 'left', state: 'completed', reason: null }
  expect(news.at(-1)).toMatchObject({ kind: 'round', report: { run, counts: { succeeded: 2 } } })
  expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['run', 'batch', 'settled']))
  await using finished = await openRun('left', placeOf(world))
  const statuses = []
  for await (const { status } of finished.results()) statuses.push(status)
  expect(statuses).toEqual(['succeeded', 'succeeded'])
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 2, rowsBilledAgain: 0 })
})

it('a worker works until it is closed or its signal comes, and lets go of what it has in hand', async () => {
  const world = await openWorld(ENDLESS)
  await leaveRun(world)
  const stop = new AbortController()
  await using stopped = await startWorker({ ...placeOf(world), signal: stop.signal, concurrency: 1 })
  await vi.waitFor(async () => expect((await world.server.ledger()).batchesCreated).toBe(1), PATIENCE)
  stop.abort()
  await stopped.finished()
  const closed = await startWorker(placeOf(world))
  await vi.waitFor(() => expect(closed.counts.lookedAt).not.toBeNull(), PATIENCE)
  await closed.close()
  await using run = await openRun('left', placeOf(world))
  expect(await run.progress()).toMatchObject({ counts: { batched: 2 }, run: { state: 'paused' } })
})

it('a worker refuses an option that it does not have, and one that holds something else', async () => {
  const place = placeOf(await openWorld())
  // @ts-expect-error a cap is given to a run
  await expect(startWorker({ ...place, budget: { maxCostUsd: 5 } })).rejects.toThrow(
    'startWorker has no option "budget"',
  )
  await expect(startWorker({ ...place, concurrency: 0 })).rejects.toThrow('concurrency of startWorker is 0')
})
