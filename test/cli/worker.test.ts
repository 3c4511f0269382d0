import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { promptRows } from '../support/fault-run.ts'
import { heldClock } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { machinesAtPostgres, newMachine } from '../support/machines.ts'
import { PATIENCE } from '../support/patience.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '--detach']
const ENDLESS = { durations: { runMs: 3_600_000 } }

describe('llm-batch worker', () => {
  it('carries out all runs of a folder, writes their answers, and ends with --once when none is left', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(3))
    const left = await typeHere(world, ...LINE, '--name', 'one', '-o', 'one.jsonl')
    expectExit(left, 75)
    expect(left.stderr).toMatch(/Run \S+ is left to a worker; none is at work now, start one with: llm-batch worker/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    await world.write('others.jsonl', questions(3, 'o'))
    expectExit(await typeHere(world, ...LINE.with(1, 'others.jsonl'), '--name', 'two', '-o', 'two.jsonl'), 75)
    const worker = await type(world, 'worker', '--once')
    expectExit(worker, 0)
    expect(worker.stderr).toMatch(/Run \S+ \(one\) is completed; 3 of 3 rows done/)
    for (const name of ['one', 'two']) {
      expect(parseLines(await readFile(join(world.folder, `${name}.jsonl`), 'utf8'))).toHaveLength(3)
    }
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 6, rowsBilledAgain: 0 })
  })

  it('finishes on one machine what another has begun, and a third one fetches the answers', async () => {
    const world = await openWorld()
    const [laptop, cloud, desk] = await machinesAtPostgres(world, 'laptop', 'cloud', 'desk')
    await laptop!.write('rows.jsonl', questions(4))
    expectExit(await type(laptop!, ...LINE, '--name', 'shared'), 75)
    expectExit(await type(cloud!, 'worker', '--once'), 0)
    expect((await typeHere(desk!, 'status', 'shared')).stdout).toContain('4 of 4 done')
    expectExit(await type(desk!, 'results', 'shared', '-o', 'answers.csv'), 0)
    expect((await readFile(join(desk!.folder, 'answers.csv'), 'utf8')).split('\n')).toHaveLength(6)
    // The line that made the run writes the answers where it was typed.
    expectExit(await typeHere(laptop!, ...LINE.slice(0, -1), '--name', 'shared', '-o', 'answers.jsonl'), 0)
    expect(parseLines(await readFile(join(laptop!.folder, 'answers.jsonl'), 'utf8'))).toHaveLength(4)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 4, rowsBilledAgain: 0 })
  })

  it('goes on with the runs of a worker that was killed, and of one that was told to stop', async () => {
    const { clock, release } = heldClock()
    const world = await openWorld({ clock })
    const [first, second, third] = await machinesAtPostgres(world, 'first', 'second', 'third')
    for (const name of ['a', 'b', 'c']) {
      await first!.write('rows.jsonl', questions(6, name))
      expectExit(await typeHere(first!, ...LINE, '--max-requests', '2'), 75)
    }
    const killed = start(first!, ['worker', '--quiet', '--concurrency', '1'])
    await vi.waitFor(async () => expect((await world.server.ledger()).batchesCreated).toBeGreaterThan(0), PATIENCE)
    killed.process.kill('SIGKILL')
    await killed.ended
    const stopped = start(second!, ['worker'])
    await stopped.shows('is unfinished')
    const named = new RegExp(`workers +(.*\\n +)?\\S+, process ${stopped.process.pid}, for \\d+`)
    expect((await typeHere(third!, 'doctor', '--offline')).stdout).toMatch(named)
    expect(JSON.parse((await typeHere(third!, 'status', 'last', '--json')).stdout).workers.at(-1)).toMatchObject({
      place: expect.stringContaining(`process ${stopped.process.pid}`),
    })
    stopped.process.kill('SIGTERM')
    expectExit(await stopped.ended, 0)
    release()
    expectExit(await type(third!, 'worker', '--once'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 9, rowsBilled: 18, rowsBilledAgain: 0 })
    expect((await typeHere(third!, 'runs')).stdout.match(/completed/g)).toHaveLength(3)
  })

  it('finds with a run that was left to it what steers it', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    const steered = ['--deadline', '6h', '--priority', 'high', '--json']
    const left = await typeHere(world, ...LINE, '-o', 'out.jsonl', ...steered)
    expectExit(left, 75)
    expect(JSON.parse(left.stdout)).toMatchObject({ run: { deadline: expect.any(String), priority: 'high' } })
    expect((await typeHere(world, 'status', 'last')).stdout).toMatch(/Deadline .*left;.*\n +Priority +high\n/)
    expectExit(await typeHere(world, 'worker', '--once'), 0)
    expect((await typeHere(world, 'status', 'last')).stdout).not.toContain('Priority')
  })

  it('carries out what a resume takes up again and a retry gives back, and leaves alone what stays held', async () => {
    const price = { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 2_000_000 }
    const budget = { askAboveUsd: 1_000_000 }
    const world = await openWorld({ config: { prices: { 'openai/gpt-6.1-terra': price }, budget } })
    await world.write('rows.jsonl', promptRows(['One', '[[simulate: status=400 times=1]] Two']))
    expectExit(await typeHere(world, ...LINE, '-o', 'out.jsonl', '--max-tokens', '20', '--max-cost', '1'), 75)
    expectExit(await type(world, 'worker', '--once', '--on-hold', 'echo held > hook.txt'), 3)
    expect(await readFile(join(world.folder, 'hook.txt'), 'utf8')).toBe('held\n')
    const kept = await typeHere(world, 'retry', 'last', '--detach')
    expectExit(kept, 3)
    expect(kept.stderr).toMatch(/Run \S+ stays held: .*cap of \$1\.00.*\nNext: llm-batch resume \S+ --detach/)
    expectExit(await typeHere(world, 'worker', '--once'), 3)

    const resumed = await typeHere(world, 'resume', 'last', '--max-cost', '100000', '--detach')
    expectExit(resumed, 75)
    expect(resumed.stderr).toMatch(/Run \S+ is left to a worker; none is at work now/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expectExit(await typeHere(world, 'worker', '--once'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 1 })

    const retried = await typeHere(world, 'retry', 'last', '--detach')
    expectExit(retried, 75)
    expect(retried.stderr).toMatch(/workers send 1 failed row again\.\nRun \S+ is left to a worker/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 })
    expectExit(await typeHere(world, 'worker', '--once'), 0)
    expect(parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))).toMatchObject([
      { llm_status: 'succeeded' },
      { llm_status: 'succeeded' },
    ])
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 2, rowsBilledAgain: 0 })
    const refused = await typeHere(world, 'resume', 'last', '--detach', '--on-unknown-create', 'resend')
    expectExit(refused, 2)
    expect(refused.stderr).toContain("option '--detach' cannot be used with option '--on-unknown-create <what>'")
    expectExit(await typeHere(world, 'resume', 'last', '--detach', '--again'), 2)
  })

  it('leaves a run to others whose key it lacks, and says so once', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, ...LINE, '-o', 'out.jsonl'), 75)
    const keyless = await newMachine(world, 'keyless', { OPENAI_API_KEY: '' })
    const worker = await typeHere(keyless, 'worker', '--once')
    expectExit(worker, 75)
    expect(worker.stderr).toMatch(/^Run \S+ is left to other workers: this worker has no OPENAI_API_KEY\.\n$/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })

  it('answers for its health and tells its numbers on a port, and status says that it goes on with a run', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, ...LINE, '-o', 'out.jsonl'), 75)
    const worker = start(world, ['worker', '--port', '0'])
    const [, origin = ''] = /(http:\S+)\/healthz/.exec(await worker.shows('/metrics')) ?? []
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)
    expect((await fetch(`${origin}/other`)).status).toBe(404)
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${origin}/metrics`)).text()
      expect(metrics).toMatch(/^llm_batch_rows\{state="batched"\} 2$/m)
      expect(metrics).toMatch(/^# TYPE llm_batch_worker_rounds_total counter\nllm_batch_worker_rounds_total [1-9]/m)
    }, PATIENCE)
    const { stdout } = await typeHere(world, 'status')
    expect(stdout).toMatch(/Next: llm-batch status \S+ --watch/)
    expect(stdout).toMatch(new RegExp(`\\n\\n +Workers +\\S+, process ${worker.process.pid}, for \\d+\\w+\\n$`))
    worker.process.kill('SIGTERM')
    expectExit(await worker.ended, 0)
    expect((await typeHere(world, 'status')).stdout).toMatch(/Next: llm-batch resume \S+/)
  })
})
