import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { heldFaults, UNTIL_RELEASED } from '../support/held-clock.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 40
const MODEL = ['--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
const RUN = ['run', 'rows.jsonl', ...MODEL, '--yes']
const REFUSED = [...RUN, '--temperature', '0.1']

async function openLargeWorld(options: Parameters<typeof openWorld>[0] = {}): Promise<LocalWorld> {
  const limits = { maxRequests: 10, maxOpenBatches: 1 }
  const world = await openWorld({ ...options, config: { canary: { aboveRequests: 20 }, limits } })
  await world.write('rows.jsonl', questions(ROWS))
  return world
}

async function statuses(world: LocalWorld): Promise<readonly unknown[]> {
  return parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).map(({ llm_status }) => llm_status)
}

describe('a large run of the command', () => {
  it('with a bad parameter costs ten refused calls, says why, and names what can be done', async () => {
    const world = await openLargeWorld({ faults: ['direct=slow(1)'] })
    const held = await type(world, ...REFUSED)
    expectExit(held, 3)
    expect(held.stderr).toMatch(/10 of the 10 rows .*unsupported_value.*Only the default \(1\) value is supported/)
    expect(held.stderr).toMatch(/Next: llm-batch resume/)
    // Typing it again goes on with the same run, and buys nothing either.
    expectExit(await typeHere(world, ...REFUSED), 3)
    expect(world.server.firedFaults()).toHaveLength(10)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 0, batchesCreated: 0 })
  })

  it('goes on past its canary with --no-canary, and past the stop-loss with --ignore-stop-loss', async () => {
    const { clock, release } = heldFaults()
    const world = await openLargeWorld({ clock, faults: [`upload:2=slow(${UNTIL_RELEASED})`] })
    expectExit(await typeHere(world, ...REFUSED, '--quiet'), 3)
    const stopping = start(world, ['resume', '--no-canary', '--events', 'events.jsonl'])
    // The second batch is ready to be sent once the first one was judged.
    const happened = (): Promise<string> => readFile(join(world.folder, 'events.jsonl'), 'utf8')
    await vi.waitFor(async () => expect(await happened()).toContain('"collected"'), PATIENCE)
    release()
    const stopped = await stopping.ended
    expectExit(stopped, 3)
    expect(stopped.stderr).toMatch(/10 of the 10 rows of batch \d+ failed with unsupported_value/)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 0, batchesCreated: 1, rowsBilled: 0 })
    expectExit(await typeHere(world, 'resume', '--quiet'), 3)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 })
    expectExit(await typeHere(world, 'resume', '--ignore-stop-loss', '--quiet'), 4)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 4, rowsBilled: 0 })
    expect(new Set(await statuses(world))).toEqual(new Set(['failed']))
  })

  it('stops where every answer of the canary is cut, and sends the others when a person says so', async () => {
    const world = await openLargeWorld()
    await world.write('rows.jsonl', questions(ROWS).replaceAll('about nothing', '[[simulate: length times=1]]'))
    const held = await typeHere(world, ...RUN)
    expectExit(held, 3)
    expect(held.stderr).toMatch(
      /none of the 10 rows .* has a usable answer \(10 truncated\); nothing was bought in batches/,
    )
    expect(await world.server.ledger()).toMatchObject({ directCalls: 10, batchesCreated: 0 })
    expectExit(await typeHere(world, 'resume', '--quiet'), 4)
    expect(await statuses(world)).toEqual(Array.from({ length: ROWS }, () => 'truncated'))
    expect(await world.server.ledger()).toMatchObject({ directCalls: 10, rowsBilled: ROWS - 10, rowsBilledAgain: 0 })
  })

  it('submits its batches with --no-wait once the canary was answered', async () => {
    const world = await openLargeWorld({ faults: ['get=batch-status(in_progress)'] })
    expectExit(await typeHere(world, ...RUN, '--no-wait', '--max-open-batches', '9', '--quiet'), 75)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 10, batchesCreated: 3 })
    world.server.setFaults([])
    expectExit(await typeHere(world, 'resume', '--quiet'), 0)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 10, rowsBilled: 30, rowsBilledAgain: 0 })
  })

  it('never asks again what was on the wire when it was killed', async () => {
    const world = await openLargeWorld({ faults: ['direct:2+=accept-then-hang'] })
    const command = start(world, RUN)
    while (world.server.firedFaults().length < 4) await sleep(10)
    command.process.kill('SIGKILL')
    await command.ended
    world.server.setFaults([])
    expectExit(await typeHere(world, 'resume', '--quiet'), 4)
    // One was answered, four were on the wire, as many as are sent at once; five were not asked and went into a batch.
    const found = await statuses(world)
    expect(found.slice(0, 5)).toEqual(['succeeded', 'missing', 'missing', 'missing', 'missing'])
    expect(found.slice(5)).toEqual(Array.from({ length: ROWS - 5 }, () => 'succeeded'))
    expect(await world.server.ledger()).toMatchObject({ directCalls: 5, rowsBilled: ROWS - 5, rowsBilledAgain: 0 })
    // A user who still wants them says so.
    expectExit(await typeHere(world, 'retry', 'last', '--status', 'missing', '--yes', '--quiet', '--force'), 0)
    expect(new Set(await statuses(world))).toEqual(new Set(['succeeded']))
  })
})
