import { describe, expect, it } from 'vitest'
import {
  finalBooks,
  finish,
  PROVIDERS,
  readStatuses,
  reopenIn,
  SHORT_LIMITS,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { heldClock } from '../support/held-clock.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const ROWS = 4
const KEYS = { first: 'sk-first-0123456789', rotated: 'sk-rotated-0123456789', other: 'sk-other-0123456789' }
const ACCOUNTS = { [KEYS.first]: 'mine', [KEYS.rotated]: 'mine', [KEYS.other]: 'theirs' }
const ALL = Array.from({ length: ROWS }, () => 'succeeded')

/** The key as either provider is given it. */
function keyed(key: string): Readonly<Record<string, string>> {
  return { OPENAI_API_KEY: key, MISTRAL_API_KEY: key }
}

async function worldOfKeys(
  onFinished: (clean: () => Promise<void>) => void,
  options: Parameters<typeof openWorld>[0] = {},
): Promise<LocalWorld> {
  const world = await openWorld({ onFinished, waits: SHORT_WAITS, accounts: ACCOUNTS, ...options })
  return { ...world, environment: { ...world.environment, ...keyed(KEYS.first) } }
}

describe.concurrent.each(PROVIDERS)('a run at %s that was begun with one key', (provider) => {
  /** Leaves a run whose batches are at work, or in whatever state the faults left them in. */
  async function leaveRun(world: LocalWorld): Promise<void> {
    const run = await startIn(world, provider, questions(ROWS))
    const stop = new AbortController()
    run.on('event', (event) => {
      if (event.type === 'batch' && (event.stage === 'submitted' || event.stage === 'unconfirmed')) stop.abort()
    })
    await run.finished({ signal: stop.signal })
    await run.close()
  }

  it('goes on with another key of the same account', async ({ onTestFinished }) => {
    const world = await worldOfKeys(onTestFinished, { config: { limits: { maxRequests: 2 } } })
    await leaveRun(world)
    const { run } = await finish(await reopenIn(world, keyed(KEYS.rotated)))
    expect(run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('buys nothing with the key of another account, and goes on with its own', async ({ onTestFinished }) => {
    const world = await worldOfKeys(onTestFinished)
    await leaveRun(world)
    await expect(finish(await reopenIn(world, keyed(KEYS.other)))).rejects.toMatchObject({
      code: 'account_mismatch',
      message: expect.stringContaining('another account'),
      next: expect.stringContaining('key'),
    })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1 })
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('never takes the emptiness of another account for the absence of an unanswered create', async ({
    onTestFinished,
  }) => {
    const faults = ['create:1=accept-then-reset', 'list:2=hang']
    const world = await worldOfKeys(onTestFinished, { faults, waits: SHORT_LIMITS })
    await leaveRun(world)
    await expect(finish(await reopenIn(world, keyed(KEYS.other)))).rejects.toMatchObject({ code: 'account_mismatch' })
    expect((await finish(await reopenIn(world, keyed(KEYS.rotated)))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it.for(['get:2=status(401)', 'get:2=status(403)', 'content:1=status(401)', 'create:1=status(402)'])(
    'is held by %s with nothing changed, and goes on once the key works again',
    async (fault, { onTestFinished }) => {
      const { clock, release } = heldClock()
      if (!fault.startsWith('get:')) release()
      const world = await worldOfKeys(onTestFinished, { clock, faults: [fault] })
      const held = await finish(await startIn(world, provider, questions(ROWS)))
      release()
      expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(/./) })
      expect(held.counts).toMatchObject({ batched: ROWS })
      expect((await finish(await reopenIn(world))).run.state).toBe('completed')
      expect(await readStatuses(world)).toEqual(ALL)
      expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
    },
  )
})
