import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import type { RunHandle } from '../../src/library/handle.ts'
import type { AttemptRecord } from '../../src/store/port/attempt.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { type, typedFirst, typeHere } from '../support/command.ts'
import { finalBooks, MODELS, PROVIDERS, readStatuses, SHORT_LIMITS, SHORT_WAITS } from '../support/fault-run.ts'
import { heldClock } from '../support/held-clock.ts'
import { jumpyClock } from '../support/jumpy-clock.ts'
import { RawClient } from '../support/local-server.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { inPlace, lastRunIn, newRunIn, type PlaceParts } from '../support/open-place.ts'
import { PATIENCE } from '../support/patience.ts'

/** What happens to a run that lasts for days. A full disk is in `fault-disk.test.ts`, another account in `fault-account`. */

const ROWS = 4
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ALL = Array.from({ length: ROWS }, () => 'succeeded')
const BOUGHT_ONCE = { batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 }
const KEYS = { first: 'sk-first-0123456789', rotated: 'sk-rotated-0123456789' }

async function onlyAttempt(workspace: Workspace, id: string): Promise<AttemptRecord | undefined> {
  return (await workspace.store.read(id).currentAttempts()).at(-1)
}

/** Waits until the only batch of the run is as far as the predicate says. */
async function untilBatch(
  workspace: Workspace,
  { id }: RunHandle,
  isThere: (attempt: AttemptRecord) => boolean,
): Promise<void> {
  await vi.waitFor(async () => {
    const attempt = await onlyAttempt(workspace, id)
    if (!attempt || !isThere(attempt)) throw new Error(`the batch is ${attempt?.stage}, ${attempt?.reconcileStep}`)
  }, PATIENCE)
}

/** Submits the work and stops there. */
async function submitAndLeave(
  world: LocalWorld,
  provider: 'openai' | 'mistral',
  parts: PlaceParts = {},
): Promise<void> {
  await inPlace(
    world,
    parts,
    (workspace) => newRunIn(world, workspace, provider, questions(ROWS)),
    async ({ handle }) => {
      await handle.drive({ until: 'submitted' })
    },
  )
}

describe.each(PROVIDERS)('a laptop that sleeps for a day, at %s', (provider) => {
  it('while a batch is at work, looks first and collects it', async () => {
    const world = await openWorld({
      waits: { ...SHORT_WAITS, pollMost: '60s', poll: '60s' },
      durations: { runMs: 100 },
    })
    const clock = jumpyClock()
    await inPlace(
      world,
      { clock },
      (workspace) => newRunIn(world, workspace, provider, questions(ROWS)),
      async ({ handle }, workspace) => {
        const driving = handle.drive()
        await untilBatch(workspace, handle, ({ stage }) => stage === 'submitted')
        clock.jump(DAY_MS)
        expect((await driving).report.run.state).toBe('completed')
      },
    )
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('between two listings for a create in doubt, believes neither the time that passed nor what it saw before', async () => {
    // The batch lives and is only listed late: a process that takes the night for the wait would delete its input.
    const atProvider = heldClock()
    const world = await openWorld({
      waits: SHORT_LIMITS,
      faults: ['create:1=accept-then-reset', 'list=nothing-listed'],
      clock: atProvider.clock,
    })
    const clock = jumpyClock()
    await inPlace(
      world,
      { clock },
      (workspace) => newRunIn(world, workspace, provider, questions(ROWS)),
      async ({ events, handle }, workspace) => {
        const driving = handle.drive()
        await untilBatch(workspace, handle, ({ reconcileStep }) => reconcileStep === 'second_listing')
        clock.jump(DAY_MS)
        const jumped = expect.objectContaining({ type: 'warning', code: 'clock_jumped' })
        await vi.waitFor(() => expect(events).toContainEqual(jumped), PATIENCE)
        world.server.setFaults([])
        await untilBatch(workspace, handle, ({ stage }) => stage !== 'unconfirmed')
        expect(await onlyAttempt(workspace, handle.id)).toMatchObject({ stage: 'submitted', number: 1 })
        const base = provider === 'openai' ? world.server.openaiUrl : world.server.mistralUrl
        const files = await new RawClient(base).json<{ readonly data: readonly unknown[] }>('GET', '/files')
        expect(files.data).toHaveLength(1)
        atProvider.release()
        expect((await driving).report.run.state).toBe('completed')
      },
    )
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })
})

describe('a clock that is set back by a day', () => {
  it('does not keep a run waiting for a day', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, durations: { runMs: 300 } })
    const clock = jumpyClock()
    await inPlace(
      world,
      { clock },
      (workspace) => newRunIn(world, workspace, 'openai', questions(ROWS)),
      async ({ handle }, workspace) => {
        const driving = handle.drive()
        await untilBatch(workspace, handle, ({ polls, stage }) => stage === 'submitted' && polls > 0)
        clock.jump(-DAY_MS)
        expect((await driving).report.run.state).toBe('completed')
      },
    )
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('does not cut short the wait for a create in doubt', async () => {
    const atProvider = heldClock()
    const world = await openWorld({
      waits: SHORT_LIMITS,
      faults: ['create:1=accept-then-reset', 'list=nothing-listed'],
      clock: atProvider.clock,
    })
    const clock = jumpyClock()
    await inPlace(
      world,
      { clock },
      (workspace) => newRunIn(world, workspace, 'openai', questions(ROWS)),
      async ({ events, handle }, workspace) => {
        const driving = handle.drive()
        await untilBatch(workspace, handle, ({ reconcileStep }) => reconcileStep === 'second_listing')
        clock.jump(-DAY_MS)
        const jumped = expect.objectContaining({ type: 'warning', code: 'clock_jumped' })
        await vi.waitFor(() => expect(events).toContainEqual(jumped), PATIENCE)
        world.server.setFaults([])
        await untilBatch(workspace, handle, ({ stage }) => stage === 'submitted')
        atProvider.release()
        expect((await driving).report.attempts).toMatchObject([{ number: 1, stage: 'collected' }])
      },
    )
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it.each([
    ['a batch at work', [], 'submitted'],
    ['a create in doubt', ['create:1=accept-then-reset', 'list:2-9=status(500)'], 'unconfirmed'],
  ] as const)('while nothing ran, is noticed by the next tick (%s)', async (_, faults, stage) => {
    const world = await openWorld({ waits: { ...SHORT_WAITS, poll: '2s', pollMost: '2s' }, faults })
    await inPlace(
      world,
      {},
      (workspace) => newRunIn(world, workspace, 'openai', questions(ROWS)),
      async ({ handle }, workspace) => {
        const stop = new AbortController()
        const driving = handle.drive({ signal: stop.signal })
        await untilBatch(workspace, handle, (attempt) => attempt.stage === stage)
        stop.abort()
        await driving
      },
    )
    world.server.setFaults([])
    await world.server.drain()
    const clock = jumpyClock(-DAY_MS)
    const states: string[] = []
    for (let round = 0; round < 30 && states.at(-1) !== 'completed'; round += 1) {
      await inPlace(world, { clock }, lastRunIn, async ({ handle }) => {
        states.push((await handle.drive({ until: 'round' })).report.run.state)
      })
      await systemClock.sleep(100)
    }
    expect(states.at(-1)).toBe('completed')
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })
})

describe.each(PROVIDERS)('a week at %s', (provider) => {
  it('in which the key is rotated ends as any run', async () => {
    const accounts = { [KEYS.first]: 'mine', [KEYS.rotated]: 'mine' }
    const keyed = (key: string) => ({ OPENAI_API_KEY: key, MISTRAL_API_KEY: key })
    const world = await openWorld({ waits: SHORT_WAITS, accounts })
    await submitAndLeave(world, provider, { environment: keyed(KEYS.first) })
    await inPlace(
      world,
      { clock: jumpyClock(7 * DAY_MS), environment: keyed(KEYS.rotated) },
      lastRunIn,
      async ({ handle }) => {
        expect((await handle.drive()).report.run.state).toBe('completed')
      },
    )
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('in which the provider is down for hours costs nothing but time', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, durations: { runMs: 200 } })
    const clock = jumpyClock()
    await inPlace(
      world,
      { clock },
      (workspace) => newRunIn(world, workspace, provider, questions(ROWS)),
      async ({ handle }, workspace) => {
        const driving = handle.drive()
        await untilBatch(workspace, handle, ({ stage }) => stage === 'submitted')
        world.server.setFaults(
          ['get', 'list', 'files', 'file', 'content', 'create', 'cancel', 'upload'].map(
            (call) => `${call}=status(503)`,
          ),
        )
        for (let hour = 1; hour <= 6; hour += 1) {
          await untilBatch(workspace, handle, ({ failures }) => failures >= hour)
          clock.jump(HOUR_MS)
        }
        expect(await onlyAttempt(workspace, handle.id)).toMatchObject({ stage: 'submitted', number: 1 })
        world.server.setFaults([])
        expect((await driving).report.run.state).toBe('completed')
      },
    )
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })

  it('that begins while the provider is down sends nothing twice when it is back', async () => {
    const down = ['upload', 'list', 'create'].map((call) => `${call}=status(503)`)
    const world = await openWorld({ waits: SHORT_WAITS, faults: down })
    const clock = jumpyClock()
    await inPlace(
      world,
      { clock },
      (workspace) => newRunIn(world, workspace, provider, questions(ROWS)),
      async ({ events, handle }) => {
        const driving = handle.drive()
        await vi.waitFor(() => expect(events.length).toBeGreaterThan(2), PATIENCE)
        clock.jump(5 * HOUR_MS)
        world.server.setFaults([])
        expect((await driving).report.run.state).toBe('completed')
      },
    )
    expect(await finalBooks(world)).toMatchObject(BOUGHT_ONCE)
  })
})

describe('llm-batch status', () => {
  it.each([
    ['openai', '30d'],
    ['mistral', '1d'],
  ] as const)(
    'at %s shows how old a batch is against its expiry, and how long results are kept',
    async (provider, kept) => {
      const carryOut = typedFirst(PROVIDERS, provider)
      const world = await openWorld({ durations: { runMs: HOUR_MS } })
      await submitAndLeave(world, provider)
      onTestFinished(() => typeHere(world, 'cancel', 'last').then(() => undefined))
      const { stdout } = await carryOut(world, 'status')
      expect(stdout).toMatch(new RegExp(`(?:queued|running) .* \\d+m?s of (?:1d|23h 59m|24h) +${kept} after it ends`))
      const { batches } = JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout)
      const [{ expiresAt, submittedAt }] = batches
      expect(Math.abs(Date.parse(expiresAt) - Date.parse(submittedAt) - DAY_MS)).toBeLessThan(5_000)
    },
  )

  it('shows until when results that are not collected are kept', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['content=status(403)'] })
    await inPlace(
      world,
      {},
      (workspace) => newRunIn(world, workspace, 'openai', questions(ROWS)),
      async ({ handle }) => {
        expect((await handle.drive()).report.run.state).toBe('held')
      },
    )
    expect((await type(world, 'status')).stdout).toMatch(/until \d{4}-\d\d-\d\d, (?:29d 23h|30d) left/)
  })

  it('names the model to test with', async () => {
    const world = await openWorld()
    await submitAndLeave(world, 'mistral')
    expect((await typeHere(world, 'status')).stdout).toContain(`doctor --live --model ${MODELS.mistral}`)
  })
})
