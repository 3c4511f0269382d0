import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
const ENDLESS = { durations: { runMs: 3_600_000 } }

describe('llm-batch tick', () => {
  it('names a held run each time, with its reason and the next command, also with --quiet', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, ...LINE, '--no-wait', '--name', 'nightly'), 75)
    const healthy = await typeHere(world, 'tick')
    expectExit(healthy, 75)
    expect(healthy.stderr).toMatch(/^Run \S+ \(nightly\) is unfinished; 0 of 2 rows done\.\n$/)
    // The key is revoked.
    world.server.setFaults(['get=status(401)', 'list=status(401)'])
    for (const words of [['tick'], ['tick', '--quiet'], ['tick', '--quiet']]) {
      const { code, stderr, stdout } = await type(world, ...words)
      expectExit({ code, stderr }, 3)
      expect(stderr).toMatch(/Run \S+ \(nightly\) is held: .*401[\s\S]*next: llm-batch resume \S+/)
      expect(stdout).toBe('')
    }
    const { runs } = JSON.parse((await typeHere(world, 'tick', '--json', '--quiet')).stdout)
    expect(runs).toMatchObject([
      {
        run: { name: 'nightly', state: 'held', reason: expect.stringContaining('401') },
        counts: { batched: 2 },
        next: expect.stringMatching(/^llm-batch resume /),
      },
    ])
  })

  it('ends with 75 until every run is finished, and then with 0, as its loop wants', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, ...LINE, '--no-wait', '--quiet'), 75)
    const codes: (number | null)[] = []
    await vi.waitFor(async () => {
      const { code } = await typeHere(world, 'tick')
      codes.push(code)
      expect(code).toBe(0)
    }, PATIENCE)
    expect(new Set(codes.slice(0, -1))).toEqual(codes.length > 1 ? new Set([75]) : new Set())
    expect(await typeHere(world, 'tick', '--json')).toMatchObject({
      code: 0,
      stdout: '{\n  "version": 1,\n  "runs": []\n}\n',
    })
  })

  it('tells rows that did not succeed with --quiet too, and nothing where all is well', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"fine"}\n{"text":"[[simulate: status=400]] nonce:b"}\n')
    expectExit(await typeHere(world, ...LINE, '--no-wait', '--quiet'), 75)
    let said = ''
    await vi.waitFor(async () => {
      const { code, stderr } = await typeHere(world, 'tick', '--quiet')
      said += stderr
      expect(code).toBe(0)
    }, PATIENCE)
    expect(said).toMatch(
      /^Run \S+ is completed; 2 of 2 rows done\. Only 1 of these succeeded\.\nnext: llm-batch retry \S+ .*\n$/,
    )
  })

  it('writes events with the id and the name of their run', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    for (const name of ['one', 'two']) {
      const line = LINE.with(5, `${name} {{text}}`).with(7, `${name}.csv`)
      expectExit(await typeHere(world, ...line, '--no-wait', '--name', name, '--events', 'events.jsonl'), 75)
    }
    await vi.waitFor(async () => expectExit(await typeHere(world, 'tick', '--events', 'events.jsonl'), 0), PATIENCE)
    const { runs } = JSON.parse((await typeHere(world, 'runs', '--json')).stdout)
    const ids = new Map(runs.map(({ id, name }: { id: string; name: string }) => [name, id]))
    const events = parseLines(await readFile(join(world.folder, 'events.jsonl'), 'utf8'))
    for (const { name, run } of events) expect(run).toBe(ids.get(name))
    const completed = events.filter(({ state, type: kind }) => kind === 'run' && state === 'completed')
    expect(new Set(completed.map(({ name }) => name))).toEqual(new Set(['one', 'two']))
  })

  it('leaves a run to the process that works on it, which is not finished', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    const first = start(world, LINE)
    await first.shows('1 running')
    const { code, stderr } = await typeHere(world, 'tick')
    expectExit({ code, stderr }, 75)
    expect(stderr).toMatch(/^Run \S+ is running; 0 of 2 rows done\. Another process is working on it\.\n$/)
    expect(await typeHere(world, 'tick', '--quiet')).toEqual({ code: 75, stdout: '', stderr: '' })
    expect(first.process.exitCode).toBeNull()
  })
})
