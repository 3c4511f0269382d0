import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const PROGRAM = fileURLToPath(new URL('../fixtures/caller/program.mjs', import.meta.url))

/** Calls of each of the two wide steps, and random kills; `npm run chaos:calls` has more. */
const CALLS = Number(process.env['LLM_BATCH_CALLS'] ?? 40)
const KILLS = Number(process.env['LLM_BATCH_KILLS'] ?? 2)

/** The program as its own process, with the library as it is built. */
function start({ configPath, environment }: LocalWorld, ...more: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, configPath, String(CALLS), ...more], {
    env: environment,
    stdio: 'pipe',
  })
  const closed = once(child, 'close')
  const said = { out: '', error: '' }
  child.stdout.on('data', (text) => (said.out += text))
  child.stderr.on('data', (text) => (said.error += text))
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), closed, said }
}

it('a program of three steps that is killed again and again buys no call twice, and ends with all answers', async () => {
  const world = await openWorld()
  const { server } = world
  // Where its first batch is created, where that is answered, and wherever chance has it.
  const places = [
    async () => expect((await server.ledger()).batchesCreated).toBeGreaterThanOrEqual(1),
    async () => expect((await server.ledger()).rowsBilled).toBeGreaterThanOrEqual(CALLS),
  ]
  for (const place of places) {
    const killed = start(world)
    await vi.waitFor(place, PATIENCE)
    killed.kill('SIGKILL')
    expect(await killed.closed).toEqual([null, 'SIGKILL'])
  }
  for (let kill = 0; kill < KILLS; kill += 1) {
    const killed = start(world)
    await Promise.race([killed.closed, delay(300 + Math.random() * 1_500)])
    killed.kill('SIGKILL')
    await killed.closed
  }
  const last = start(world)
  expect({ ended: await last.closed, said: last.said.error }).toMatchObject({ ended: [0, null] })
  const { first, second, last: sum } = JSON.parse(last.said.out)
  expect([first.length, second.length, typeof sum]).toEqual([CALLS, CALLS, 'number'])
  const { directCalls, rowsBilled, rowsBilledAgain } = await server.ledger()
  // Of many calls a few are asked directly first.
  expect({ billed: rowsBilled + directCalls, rowsBilledAgain }).toEqual({ billed: 2 * CALLS + 1, rowsBilledAgain: 0 })
  const again = start(world)
  await again.closed
  expect(again.said.out).toBe(last.said.out)
  expect(again.said.error).toContain(`llm-batch: steps: 0 of ${(2 * CALLS + 1).toLocaleString('en-US')} calls were new`)
  if (process.env['LLM_BATCH_CALLS']) process.stderr.write(again.said.error + last.said.error)
})

it('a program that ends with open calls says how many, with exit code 75, and 130 after Ctrl-C', async () => {
  const world = await openWorld({ durations: { runMs: 3_600_000 } })
  const stopped = start(world)
  await vi.waitFor(async () => expect((await world.server.ledger()).batchesCreated).toBeGreaterThanOrEqual(1), PATIENCE)
  stopped.kill('SIGINT')
  expect(await stopped.closed).toEqual([130, null])
  expect(stopped.said.error).toContain('are not answered yet. Start the program again')
  const left = start(world, 'leaves')
  expect(await left.closed).toEqual([75, null])
  expect(left.said.error).toContain('1 of 1 calls were new, 1 are not answered yet')
})
