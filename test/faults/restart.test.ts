import { describe, expect, it, vi } from 'vitest'
import { start, type, typedFirst, typeHere } from '../support/command.ts'
import {
  finalBooks,
  finish,
  MODELS,
  PROVIDERS,
  readAnswers,
  readStatuses,
  reopenIn,
  SHORT_LIMITS,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 6
const ALL = Array.from({ length: ROWS }, () => 'succeeded')

/** Where a run is stopped, and what brings it there. */
const STOPS = [
  { stage: 'uploaded', faults: ['create:1=slow(100)'] },
  { stage: 'unconfirmed', faults: ['create:1=accept-then-reset', 'list:2-4=status(500)'] },
  { stage: 'submitted', faults: [] },
  { stage: 'ended', faults: ['content:1=slow(100)'] },
  { stage: 'collected', faults: ['run:1=expire(0.5)'] },
  { stage: 'rejected', faults: ['run:1=queue-full'] },
] as const

describe.concurrent.each(PROVIDERS)('a run at %s', (provider) => {
  it.for(STOPS)('that is stopped where a batch is $stage goes on there', async (stop, { onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults: stop.faults })
    const first = await startIn(world, provider, questions(ROWS))
    const stopping = new AbortController()
    first.on('event', (event) => {
      if (event.type !== 'batch') return
      // A batch that was refused or abandoned shows as the next attempt, planned again.
      if (event.stage === stop.stage || (stop.stage === 'rejected' && event.attempt === 2)) stopping.abort()
    })
    const stopped = await first.finished({ signal: stopping.signal })
    await first.close()
    expect(stopping.signal.aborted).toBe(true)
    expect(stopped.run.state).toBe('paused')
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('that was planned and never sent is sent by the process that takes it up', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    await (await startIn(world, provider, questions(ROWS))).close()
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })
})

/** A process that is killed dies in this call, which never comes back. */
const DEATHS = [
  ['openai', 'upload:1=accept-then-hang', 1],
  ['openai', 'create:1=hang', 1],
  ['openai', 'create:1=accept-then-hang', 1],
  ['openai', 'list:1=hang', 1],
  ['openai', 'list:2=hang', 1],
  ['openai', 'file:1=hang', 1],
  ['openai', 'content:1=hang', 1],
  ['openai', 'content:2=hang', 1],
  ['openai', 'run:1=expire(0.5) create:2=accept-then-hang', 2],
  ['mistral', 'create:1=hang', 1],
  ['mistral', 'create:1=accept-then-hang', 1],
] as const

describe('a process that is killed in the middle of a call', () => {
  /** Runs the command until the call hangs, and kills it there. */
  async function killIn(world: LocalWorld, words: readonly string[], fault: string): Promise<void> {
    const started = start(world, words)
    const struck = (): readonly string[] => world.server.firedFaults().map(({ name }) => name)
    await vi.waitFor(() => expect(struck()).toContain(fault), PATIENCE)
    started.process.kill('SIGKILL')
    await started.ended
    world.server.setFaults([])
    await world.write('llm-batch.config.json', JSON.stringify({ waits: SHORT_LIMITS }))
  }

  it.each(DEATHS)('at %s, %s, loses and pays nothing', async (provider, faults, batches) => {
    const carryOut = typedFirst(
      DEATHS.map(([, first]) => first),
      faults,
    )
    const world = await openWorld({ faults: faults.split(' '), waits: SHORT_WAITS })
    // A row that fails gives the batch an error file beside its output file.
    await world.write('rows.jsonl', `${questions(ROWS)}{"text":"[[simulate: status=400]]"}\n`)
    const line = ['run', 'rows.jsonl', '--model', MODELS[provider], '--prompt', '{{text}}', '-o', 'answers.jsonl']
    await killIn(world, line, faults.includes('accept') ? 'accept-then-hang' : 'hang')
    expect(await carryOut(world, 'resume')).toMatchObject({ code: 4 })
    expect(await readStatuses(world)).toEqual([...ALL, 'failed'])
    for (const [row, { llm_output }] of (await readAnswers(world)).slice(0, ROWS).entries()) {
      expect(llm_output).toMatch(new RegExp(`nonce:q-${row}$`))
    }
    const books = await finalBooks(world)
    expect(books).toMatchObject({ batchesCreated: batches, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('while it cancels, goes on cancelling', async () => {
    const world = await openWorld({ faults: ['run=stuck(0.5)', 'cancel:1=hang'], waits: SHORT_WAITS })
    await world.write('rows.jsonl', questions(ROWS))
    const line = ['run', 'rows.jsonl', '--model', MODELS.openai, '--prompt', '{{text}}', '-o', 'answers.jsonl']
    expect(await typeHere(world, ...line, '--no-wait')).toMatchObject({ code: 75 })
    await killIn(world, ['cancel', 'last'], 'hang')
    expect((await type(world, 'resume')).stderr).toMatch(/cancelled/)
    const succeeded = (await readStatuses(world)).filter((status) => status === 'succeeded')
    const books = await finalBooks(world)
    expect(books).toMatchObject({ batchesCreated: 1, rowsBilled: succeeded.length, rowsBilledAgain: 0 })
    expect(books.batches).toMatchObject([{ phase: 'cancelled' }])
  })
})
