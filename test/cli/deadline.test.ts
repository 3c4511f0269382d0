import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type, typedFirst, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const RUN = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl', '--yes']

async function openStuckWorld(): Promise<LocalWorld> {
  const world = await openWorld({ faults: ['run:1=stuck(0.5)'] })
  await world.write('rows.jsonl', questions(10))
  return world
}

async function statuses(world: LocalWorld): Promise<readonly unknown[]> {
  return parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).map(({ llm_status }) => llm_status)
}

describe('--deadline', () => {
  it('harvests what is there in time, ends with 75, and retry sends the rest', async () => {
    const world = await openStuckWorld()
    const cut = await type(world, ...RUN, '--deadline', '24s')
    expectExit(cut, 75)
    expect(cut.stderr).toMatch(/its deadline came: 5 of 10 rows succeeded[\s\S]*Next: llm-batch retry/)
    const found = await statuses(world)
    expect(found.filter((status) => status === 'succeeded')).toHaveLength(5)
    expect(found.filter((status) => status === 'cancelled')).toHaveLength(5)
    expectExit(await typeHere(world, 'retry', 'last', '--quiet', '--force'), 0)
    expect(new Set(await statuses(world))).toEqual(new Set(['succeeded']))
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 10, rowsBilledAgain: 0 })
  })

  it('is shown by status, heeded by tick, and moved or taken away by resume', async () => {
    const world = await openStuckWorld()
    expectExit(await typeHere(world, ...RUN, '--deadline', '2h', '--no-wait', '--quiet'), 75)
    expect((await typeHere(world, 'status')).stdout).toMatch(
      /Deadline +\S+Z, (2h|1h 59m) left; .* cancelled in 1h 4[45]m/,
    )
    expectExit(await typeHere(world, 'resume', '--deadline', 'none', '--no-wait', '--quiet'), 75)
    expect((await typeHere(world, 'status')).stdout).not.toContain('Deadline')
    const soon = new Date(Date.now() + 12_000)
    expectExit(await typeHere(world, 'resume', '--deadline', soon.toISOString(), '--no-wait', '--quiet'), 75)
    expect(JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout).run.deadline).toBe(soon.toISOString())
    await sleep(soon.getTime() - Date.now())
    await typeHere(world, 'tick', '--quiet')
    for (let state = ''; state !== 'cancelled'; ) {
      await typeHere(world, 'tick', '--quiet')
      state = JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout).run.state
    }
    expectExit(await typeHere(world, 'tick', '--quiet'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 5, rowsBilledAgain: 0 })
  })

  const NO_DEADLINES = ['yesterday', '2026-11-24', '5', '-2h']

  it.each(NO_DEADLINES)('refuses %s', async (when) => {
    const carryOut = typedFirst(NO_DEADLINES, when)
    const world = await openStuckWorld()
    const { code, stderr } = await carryOut(world, ...RUN, `--deadline=${when}`)
    expectExit({ code, stderr }, 2)
    expect(stderr).toContain('20h')
  })
})
