import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { openRun } from '../../src/index.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const PROGRAM = fileURLToPath(new URL('../fixtures/appender/program.mjs', import.meta.url))
const ROWS = 303

/** The program as its own process, with the library as it is built; `npm test` builds it before. */
function start({ configPath, environment }: LocalWorld, hangsAt: string) {
  const child = spawn(process.execPath, [PROGRAM, configPath, hangsAt], { env: environment, stdio: 'pipe' })
  const closed = once(child, 'close')
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const reached = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      said += text
      if (said.includes(`reached ${hangsAt}\n`)) resolve()
    })
    void closed.then(() => reject(new Error(`the program ended before it was at ${hangsAt}: ${said}`)))
  })
  // Where nothing is waited for, the end of the program is what counts.
  reached.catch(() => undefined)
  return { kill: () => child.kill('SIGKILL'), closed, reached, said: () => said }
}

describe('a program that appends to an open run and is killed', () => {
  it.each([
    ['in the middle of a portion', 'row'],
    ['before anything was sent', 'second'],
    ['after the seal', 'sealed'],
  ])('%s is started again, and each row is bought and answered once', async (_, place) => {
    const world = await openWorld()
    const killed = start(world, place)
    await killed.reached
    killed.kill()
    expect(await killed.closed).toEqual([null, 'SIGKILL'])
    await expectAllOnce(world)
  })

  it('while its batch is created is started again, and each row is bought and answered once', async () => {
    const world = await openWorld({ faults: ['create:2=accept-then-hang'] })
    const killed = start(world, 'sealed')
    await vi.waitFor(() => expect(world.server.firedFaults()).toHaveLength(1), PATIENCE)
    killed.kill()
    await killed.closed
    world.server.setFaults([])
    await expectAllOnce(world)
  })
})

async function expectAllOnce(world: LocalWorld): Promise<void> {
  const second = start(world, 'nowhere')
  const [code] = await second.closed
  expect({ code, said: second.said() }).toMatchObject({ code: 0 })
  expect(second.said()).toContain(`"succeeded":${ROWS}`)
  expect(second.said()).toContain('"state":"completed"')
  expect(await world.server.ledger()).toMatchObject({ rowsBilled: ROWS, rowsBilledAgain: 0 })
  const ids: string[] = []
  await using run = await openRun('grows', { config: world.configPath, environment: world.environment })
  for await (const { id } of run.results()) ids.push(id)
  expect(ids).toEqual(Array.from({ length: ROWS }, (_, id) => String(id)))
}
