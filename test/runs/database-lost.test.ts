import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { expectExit, parseLines, start, typeHere } from '../support/command.ts'
import { TestPostgres } from '../support/embedded-postgres.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { newMachine } from '../support/machines.ts'
import { PATIENCE } from '../support/patience.ts'

const BATCHES = 12

it('a run goes on where its database was killed and started again, and buys nothing twice', async () => {
  const world = await openWorld()
  const database = await TestPostgres.start()
  onTestFinished(() => database.stop())
  const machine = await newMachine(world, 'machine', { LLM_BATCH_HOME: database.url })
  expectExit(await typeHere(machine, 'init', '--files', join(world.folder, 'shared')), 0)
  await machine.write('rows.jsonl', questions(BATCHES))
  const words = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', '-']
  const run = start(machine, [...words, '--max-requests', '1', '--max-open-batches', '2'])
  for (const created of [2, 6]) {
    await vi.waitFor(
      async () => expect((await world.server.ledger()).batchesCreated).toBeGreaterThanOrEqual(created),
      PATIENCE,
    )
    await database.kill()
    await database.restart()
  }
  const ended = await run.ended
  expectExit(ended, 0)
  expect(parseLines(ended.stdout).map(({ llm_status }) => llm_status)).toEqual(Array(BATCHES).fill('succeeded'))
  expect(await world.server.ledger()).toMatchObject({
    batchesCreated: BATCHES,
    rowsBilled: BATCHES,
    rowsBilledAgain: 0,
  })
})
