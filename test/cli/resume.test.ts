import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { type Ended, expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']

/** A batch that is at work, as far as anyone can see, until the faults are taken away. */
const AT_WORK = { faults: ['get=batch-status(in_progress)'] }

/** The batch is made, but the answer to its create never comes; and the command does not give up waiting for it. */
const SILENT = { faults: ['create:1=accept-then-hang'] }

/** A batch that does not end within a test. */
const ENDLESS = { durations: { runMs: 3_600_000 } }

/** Resolves when the server has made a batch. */
async function isCreated({ server }: LocalWorld): Promise<void> {
  await vi.waitFor(async () => expect((await server.ledger()).batchesCreated).toBe(1), PATIENCE)
}

async function expectBoughtOnce({ folder, server }: LocalWorld, { code, stderr }: Ended, rows: number): Promise<void> {
  expectExit({ code, stderr }, 0)
  const answers = parseLines(await readFile(join(folder, 'out.jsonl'), 'utf8'))
  expect(answers.map(({ id, llm_status }) => [id, llm_status])).toEqual(
    Array.from({ length: rows }, (_, index) => [`q${index}`, 'succeeded']),
  )
  expect(await server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: rows, rowsBilledAgain: 0 })
}

describe('a run that was stopped', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s says how to go on, cancels nothing, and is resumed',
    async (signal) => {
      const world = await openWorld(AT_WORK)
      await world.write('rows.jsonl', questions(5))
      const first = start(world, LINE)
      await isCreated(world)
      first.process.kill(signal)
      const stopped = await first.ended
      expectExit(stopped, 130)
      expect(stopped.stderr).toMatch(/Next: llm-batch resume \S+/)
      world.server.setFaults([])
      await expectBoughtOnce(world, await type(world, 'resume'), 5)
    },
  )

  it('by a reader of its words that went away ends in the same way', async () => {
    const world = await openWorld(AT_WORK)
    await world.write('rows.jsonl', questions(5))
    const first = start(world, LINE)
    await isCreated(world)
    await first.shows('running')
    first.process.stderr?.destroy()
    // A line is written when a batch changes its state.
    world.server.setFaults(['get=batch-status(finalizing)'])
    expect((await first.ended).code).toBe(130)
    world.server.setFaults([])
    await expectBoughtOnce(world, await type(world, 'resume'), 5)
  })

  it('by SIGKILL goes on with the same line', async () => {
    const world = await openWorld(AT_WORK)
    await world.write('rows.jsonl', questions(5))
    const first = start(world, LINE)
    await isCreated(world)
    first.process.kill('SIGKILL')
    await first.ended
    world.server.setFaults([])
    const second = await type(world, ...LINE)
    expect(second.stderr).toMatch(/Going on with run \S+, which has the same work/)
    await expectBoughtOnce(world, second, 5)
  })

  it('by SIGKILL while a batch was being created finds that batch again', async () => {
    const world = await openWorld(SILENT)
    await world.write('rows.jsonl', questions(5))
    const first = start(world, LINE)
    await isCreated(world)
    first.process.kill('SIGKILL')
    await first.ended
    const second = await type(world, ...LINE)
    expect(second.stderr).toContain('which has the same work')
    await expectBoughtOnce(world, second, 5)
  })

  it('by two interrupts leaves at once, even in the middle of a create', async () => {
    const world = await openWorld(SILENT)
    await world.write('rows.jsonl', questions(5))
    const first = start(world, LINE)
    await isCreated(world)
    first.process.kill('SIGINT')
    await first.shows('Stopping')
    first.process.kill('SIGINT')
    const { code, stderr } = await first.ended
    expect(code).toBe(130)
    expect(stderr).toMatch(/Interrupted\. Go on with: llm-batch resume/)
    await expectBoughtOnce(world, await type(world, 'resume'), 5)
  })

  it('by one interrupt waits for the answer of a create, but not for long', async () => {
    const world = await openWorld(SILENT)
    await world.write('rows.jsonl', questions(5))
    const first = start(world, LINE)
    await isCreated(world)
    first.process.kill('SIGINT')
    expect(await first.ended).toMatchObject({ code: 130 })
  })
})

describe('the same line', () => {
  it('typed while the run goes on is told so, and sends nothing', async () => {
    const world = await openWorld(AT_WORK)
    await world.write('rows.jsonl', questions(5))
    const first = start(world, LINE)
    await isCreated(world)
    const second = await type(world, ...LINE)
    expect(second.code).toBe(75)
    expect(second.stderr).toMatch(/another process is working on run[\s\S]*status \S+ --watch/)
    world.server.setFaults([])
    await expectBoughtOnce(world, await first.ended, 5)
  })

  it('of a named run goes on with it, and is refused with another prompt', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(5))
    const named = [...LINE, '--name', 'nightly']
    const left = await typeHere(world, ...named, '--no-wait')
    expectExit(left, 75)
    expect(left.stderr).toMatch(/Next: llm-batch resume/)
    const other = await type(world, ...named.with(5, 'Other {{text}}'))
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('has the name nightly, but other input, prompt or parameters')
    await expectBoughtOnce(world, await type(world, ...named), 5)
  })
})

describe('llm-batch tick', () => {
  it('finishes, round by round, what --no-wait has left', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(5))
    expect(await typeHere(world, ...LINE, '--no-wait', '--quiet')).toMatchObject({ code: 75, stdout: '' })
    const path = join(world.folder, 'out.jsonl')
    await vi.waitFor(async () => {
      expect(await type(world, 'tick')).toMatchObject({ stdout: '' })
      await stat(path)
    }, PATIENCE)
    await expectBoughtOnce(world, await typeHere(world, 'tick'), 5)
  })
})

describe('llm-batch resume', () => {
  it('asks a script to name one of several runs', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    await typeHere(world, ...LINE, '--no-wait')
    await typeHere(world, ...LINE.with(5, 'Also {{text}}').with(7, 'more.jsonl'), '--no-wait')
    const { code, stderr } = await type(world, 'resume')
    expect(code).toBe(2)
    expect(stderr).toMatch(/several runs fit: \S+, \S+/)
  })

  it('refuses a run of another base URL', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(2))
    await typeHere(world, ...LINE, '--no-wait')
    const elsewhere = { ...world, environment: { ...world.environment, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } }
    const { code, stderr } = await type(elsewhere, 'resume')
    expectExit({ code, stderr }, 2)
    expect(stderr).toContain(world.server.openaiUrl)
  })

  it('writes where it is told in place of the file named at the start', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await typeHere(world, ...LINE, '--no-wait')
    expect(await type(world, 'resume', 'last', '-o', 'other.csv', '--quiet')).toMatchObject({ code: 0 })
    expect(await readFile(join(world.folder, 'other.csv'), 'utf8')).toMatch(/^id,text,llm_output/)
    await expect(stat(join(world.folder, 'out.jsonl'))).rejects.toThrow('ENOENT')
  })
})
