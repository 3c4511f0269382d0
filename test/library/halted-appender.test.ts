import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startOpenRun } from '../../src/index.ts'
import { RowAppender } from '../../src/prepare/append-rows.ts'
import { findRun } from '../../src/workspace/find-run.ts'
import { expectExit, parseLines, typeHere } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'
import { newMachine } from '../support/machines.ts'
import { openPlace } from '../support/open-place.ts'
import { homeAddress } from '../support/postgres.ts'

/** So many that the first of them are being written when the last is read. */
const ROWS_READ = 5_000

const row = (id: string) => ({ id, text: `Say ${id} nonce:${id}` })

it('a process that is halted while it appends leaves alone what its successor has appended', async () => {
  const world = await openWorld()
  const machine = await newMachine(world, 'machine', { LLM_BATCH_HOME: await homeAddress() })
  expectExit(await typeHere(machine, 'init', '--files', join(world.folder, 'shared')), 0)
  const { environment } = machine
  const options = { name: 'grows', model: 'openai/gpt-6-luna', prompt: '{{text}}', idColumn: 'id' } as const
  const halted = await startOpenRun({ ...options, environment, config: world.configPath })
  const awake = new EventEmitter<{ begun: []; woken: [] }>()
  const begun = once(awake, 'begun')
  const woken = once(awake, 'woken')
  const appending = halted.appendRows(
    (async function* () {
      for (let number = 0; number < ROWS_READ; number += 1) yield row(`a${number}`)
      awake.emit('begun')
      await woken
      yield row('b')
    })(),
  )
  await begun

  // Its lock was taken away meanwhile, and another process has written.
  const workspace = await openPlace(world, { environment })
  const { id } = await findRun(workspace.store, 'grows')
  const successor = new RowAppender(workspace, await workspace.store.write(id), undefined)
  await successor.append([row('c'), row('d')], () => undefined)
  await workspace.close()
  awake.emit('woken')
  await expect(appending).rejects.toMatchObject({ code: 'busy' })
  await halted.close()
  const results = await typeHere(machine, 'results', 'grows', '-o', '-')
  expectExit(results, 0)
  expect(parseLines(results.stdout).map((line) => line['id'])).toEqual(['c', 'd'])
})
