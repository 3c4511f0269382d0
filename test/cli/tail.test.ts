import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { takeRun } from '../../src/prepare/start.ts'
import { findRun } from '../../src/workspace/find-run.ts'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { openPlace } from '../support/open-place.ts'
import { PATIENCE } from '../support/patience.ts'

const ROWS = 10
const INPUT = ['rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--max-tokens', '50']
const RUN = ['run', ...INPUT, '-o', 'out.jsonl']

/** Half of its one batch is answered as soon as it is at work, and no more. */
async function openStuckWorld(faults: readonly string[] = []): Promise<LocalWorld> {
  const world = await openWorld({ durations: { runMs: 0 }, faults: ['run:1=stuck(0.5)', ...faults] })
  await world.write('rows.jsonl', questions(ROWS))
  return world
}

async function statuses(world: LocalWorld): Promise<readonly unknown[]> {
  return parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).map(({ llm_status }) => llm_status)
}

/** Looks at the batches of a provider until the first one tells that half of it is answered. */
async function untilHalfIsAnswered(batchesUrl: string, key: string, counts: RegExp): Promise<void> {
  const look = async (): Promise<string> =>
    await (await fetch(batchesUrl, { headers: { authorization: `Bearer ${key}` } })).text()
  await vi.waitFor(async () => expect(await look()).toMatch(counts), PATIENCE)
}

/** Lets the deadline of the run come so much nearer. */
async function passMinutes(world: LocalWorld, minutes: number): Promise<void> {
  const place = await openPlace(world)
  const { lock, store } = await takeRun(place, (await findRun(place.store, 'last')).id)
  const { deadline } = await store.record()
  const passed = minutes * 60_000
  if (deadline) {
    await store.setDeadline({ ...deadline, at: deadline.at - passed, windUpAt: deadline.windUpAt - passed })
  }
  lock.release()
  await place.close()
}

describe('--tail', () => {
  it('asks the rest directly once the deadline is near, outlives a SIGKILL, and tells what it cost', async () => {
    const world = await openStuckWorld(['direct:2+=accept-then-hang'])
    expectExit(await type(world, ...RUN, '--yes', '--no-wait', '--deadline', '2h', '--tail', 'direct'), 75)
    const { OPENAI_API_KEY = '', OPENAI_BASE_URL = '' } = world.environment
    await untilHalfIsAnswered(`${OPENAI_BASE_URL}/batches`, OPENAI_API_KEY, /"completed":\s*5\b/)
    await passMinutes(world, 100)
    const command = start(world, ['resume'])
    // One row is asked alone, then as many at once as there are transfers.
    const isAsking = (): void =>
      expect(world.server.firedFaults().filter(({ call }) => call === 'direct')).toHaveLength(4)
    await vi.waitFor(isAsking, PATIENCE)
    command.process.kill('SIGKILL')
    await command.ended
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, directCalls: 5, rowsBilled: 5 })
    world.server.setFaults([])
    expect((await typeHere(world, 'status')).stdout).toContain('until then the rest is asked directly')
    const ended = await type(world, 'resume', '--json')
    expectExit(ended, 4)
    // What was on the wire may be billed, and is never asked again by itself; the way out is named.
    const found = await statuses(world)
    expect(found.filter((status) => status === 'succeeded')).toHaveLength(6)
    expect(found.filter((status) => status === 'missing')).toHaveLength(4)
    const report = JSON.parse(ended.stdout)
    expect(report).toMatchObject({
      run: { state: 'completed', tail: 'direct' },
      cost: { tail: { answers: 1, totalUsd: null } },
    })
    expect(report.batches.map(({ kind }: { kind: string }) => kind)).toEqual(['batch', 'tail'])
    expect(await world.server.ledger()).toMatchObject({ directCalls: 5, rowsBilledAgain: 0 })
    expectExit(await typeHere(world, 'retry', 'last', '--status', 'missing', '--yes', '--quiet', '--force'), 0)
    expect(new Set(await statuses(world))).toEqual(new Set(['succeeded']))
  })

  it('asks nothing at xai, where a row that counts as cancelled may still be answered and billed', async () => {
    const opened = await openStuckWorld()
    const variables = { XAI_API_KEY: 'xai-key-0123456789', XAI_BASE_URL: opened.server.xaiUrl }
    const world = { ...opened, environment: { ...opened.environment, ...variables } }
    const run = RUN.map((word) => (word === 'openai/gpt-6-luna' ? 'xai/grok-4' : word))
    expectExit(await typeHere(world, ...run, '--yes', '--no-wait', '--deadline', '2h', '--tail', 'direct'), 75)
    await untilHalfIsAnswered(`${opened.server.xaiUrl}/batches`, variables.XAI_API_KEY, /"num_success":\s*5\b/)
    await passMinutes(world, 100)
    expectExit(await typeHere(world, 'resume'), 75)
    const found = await statuses(world)
    expect(found.filter((status) => status === 'succeeded')).toHaveLength(5)
    expect(found.filter((status) => status === 'cancelled')).toHaveLength(5)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, directCalls: 0, rowsBilled: 5 })
  })

  it('shows beforehand what it may cost, asks about that, and needs a deadline', async () => {
    const world = await openStuckWorld()
    const planned = await typeHere(world, 'plan', ...INPUT, '--tail', 'direct')
    expectExit(planned, 0)
    const [, full] = /Full price +about \S+, at most (\$\S+)/.exec(planned.stdout) ?? []
    expect(planned.stdout).toContain(`at most ${full} in all, if every row were asked directly at the deadline`)
    await world.write('config.json', JSON.stringify({ tokenCount: false, budget: { askAboveUsd: 0 } }))
    const asked = await typeHere(world, ...RUN, '--config', 'config.json', '--deadline', '6h', '--tail', 'direct')
    expectExit(asked, 2)
    expect(asked.stderr).toContain(`may cost ${full}`)
    const without = await typeHere(world, ...RUN, '--yes', '--tail', 'direct')
    expectExit(without, 2)
    expect(without.stderr).toContain('--tail direct needs a deadline')
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, directCalls: 0 })
  })

  it('is accepted unseen by --yes only, where the run is here already, and shown by status', async () => {
    const world = await openStuckWorld()
    expectExit(await typeHere(world, ...RUN, '--yes', '--no-wait', '--quiet'), 75)
    const unseen = await typeHere(world, ...RUN, '--no-wait', '--quiet', '--deadline', '2h', '--tail', 'direct')
    expectExit(unseen, 2)
    expect(unseen.stderr).toContain('no tail; nothing was sent')
    const late = ['--deadline', '2h', '--tail', 'direct', '--yes']
    expectExit(await typeHere(world, ...RUN, '--no-wait', '--quiet', ...late), 75)
    expect((await typeHere(world, 'status')).stdout).toMatch(/cancelled in 1h (29m|30m), then asked directly/)
    expectExit(await typeHere(world, 'resume', '--deadline', 'none', '--no-wait', '--quiet'), 75)
    expect((await typeHere(world, 'status')).stdout).not.toContain('asked directly')
  })
})
