import { describe, expect, it, onTestFinished } from 'vitest'
import { systemDisk } from '../../src/lib/disk.ts'
import { FolderLocks } from '../../src/store/folder/locks.ts'
import { expectExit, start, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
const ENDLESS = { durations: { runMs: 3_600_000 } }

async function newestId(world: LocalWorld): Promise<string> {
  return JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs[0].id
}

describe('llm-batch status without a run', () => {
  it('shows all unfinished runs and the last finished one', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    for (const name of ['first', 'second']) {
      expectExit(await typeHere(world, ...LINE.with(5, `${name} {{text}}`).with(7, `${name}.csv`), '--name', name), 0)
    }
    for (const name of ['third', 'fourth']) {
      const line = LINE.with(5, `${name} {{text}}`).with(7, `${name}.csv`)
      expectExit(await typeHere(world, ...line, '--name', name, '--no-wait'), 75)
    }
    const text = await type(world, 'status')
    expectExit(text, 0)
    expect(text.stdout.match(/^Run \w+/gm)).toEqual(['Run fourth', 'Run third', 'Run second'])
    expect(text.stdout).toMatch(/State +unfinished.*\n +Rows +0 of 2 done.*\n +Next +llm-batch resume \S+/)
    const { runs } = JSON.parse((await typeHere(world, 'status', '--json')).stdout)
    expect(runs).toMatchObject([
      { run: { name: 'fourth', state: 'paused' }, counts: { batched: 2 }, isWorkedOn: false },
      { run: { name: 'third', state: 'paused' } },
      { run: { name: 'second', state: 'completed' } },
    ])
  })
})

describe('llm-batch status', () => {
  it('tells a run that a process works on from one whose process was killed', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    const first = start(world, LINE)
    await first.shows('1 running')
    const during = await typeHere(world, 'status')
    expect(during.stdout).toMatch(/State +running\n[\s\S]*Next: llm-batch status \S+ --watch/)
    expect(JSON.parse((await typeHere(world, 'status', '--json')).stdout).runs[0].isWorkedOn).toBe(true)
    first.process.kill('SIGKILL')
    await first.ended
    const after = await typeHere(world, 'status')
    expect(after.stdout).toMatch(/State +running, but no process is working on it\n[\s\S]*Next: llm-batch resume \S+/)
    expect(JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout)).toMatchObject({ isWorkedOn: false })
  })
})

describe('the lock of a run', () => {
  it('stays with its process when that process asks for it once more or looks at it', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, ...LINE, '--no-wait'), 75)
    const id = await newestId(world)
    const locks = new FolderLocks(systemDisk, world.home)
    const lock = await locks.lockRun(id)
    onTestFinished(() => lock.release())
    await expect(locks.lockRun(id)).rejects.toMatchObject({ code: 'busy' })
    expect((await typeHere(world, 'status')).stdout).toContain('another process is working on it')
    expectExit(await typeHere(world, 'resume'), 75)
  })
})
