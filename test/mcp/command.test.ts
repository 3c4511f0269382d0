import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { agentAt } from '../support/agents.ts'
import { parseLines } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const WORK = {
  input: 'rows.jsonl',
  model: 'openai/gpt-6.1-terra',
  prompt: '{{text}}',
  maxTokens: 50,
  output: 'answers.jsonl',
}

it('takes an agent from a plan to answers by one purchase, although its server is killed on the way', async () => {
  const { clock, release } = heldClock()
  const world = await openWorld({ clock })
  await world.write('rows.jsonl', questions(20))
  const first = await agentAt(world)
  const { priceUsd, token } = await first.call('plan', WORK)
  const refused = await first.call('start', { token })
  expect(refused).toMatchObject({ status: 'needs_confirmation', priceUsd })
  const { confirmation } = refused
  expect(await first.call('start', { token, confirmation })).toMatchObject({ isError: true, code: 'usage' })
  await first.close()

  // A person starts the server with a limit; the token and its confirmation are still good.
  const second = await agentAt(world, { flags: ['--accept-up-to', '1'] })
  const { run } = await second.call('start', { token, confirmation })
  process.kill(second.pid, 'SIGKILL')
  // What drives the run is another process, which goes on.
  await vi.waitFor(async () => expect((await world.server.ledger()).batchesCreated).toBe(1), PATIENCE)

  const third = await agentAt(world, { person: 'no', isModern: true })
  expect(await third.call('start', { token })).toMatchObject({ status: 'started', run, isWorkedOn: true })
  release()
  expect(await third.finished(run)).toMatchObject({ state: 'completed', counts: { succeeded: 20 } })
  expect(third.questions).toEqual([])
  const { rows } = await third.call('results', { run })
  expect(rows).toHaveLength(20)
  await vi.waitFor(async () => {
    expect(parseLines(await readFile(join(world.folder, 'answers.jsonl'), 'utf8'))).toHaveLength(20)
  }, PATIENCE)
  expect(await third.call('start', { token })).toMatchObject({ status: 'finished', run })

  // Another home knows nothing of it. What drives the run looks before it sends, and the agent is told what it said.
  const elsewhere = { ...world, environment: { ...world.environment, LLM_BATCH_HOME: join(world.folder, 'elsewhere') } }
  const other = await agentAt(elsewhere, { flags: ['--accept-up-to', '1'] })
  const planned = await other.call('plan', { ...WORK, output: 'others.jsonl' })
  const asked = await other.call('start', { token: planned.token })
  const unsent = await other.call('start', { token: planned.token, confirmation: asked.confirmation })
  await vi.waitFor(async () => {
    expect(await other.call('status', { run: unsent.run })).toMatchObject({
      state: 'ready',
      isWorkedOn: false,
      lastWords: expect.stringContaining('already has this work, sent by a home that is not this one'),
    })
  }, PATIENCE)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 20, rowsBilledAgain: 0 })
})
