import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemDisk } from '../../src/lib/disk.ts'
import { splitLines } from '../../src/lib/jsonl.ts'
import { expectExit, type, typeHere } from '../support/command.ts'
import { finalBooks, finish, MODELS, readAnswers, readStatuses, SHORT_WAITS, startIn } from '../support/fault-run.ts'
import { startLargeAnswers } from '../support/large-answers.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

/** A world whose OpenAI answers at length. */
async function largeWorld(characters: number): Promise<LocalWorld> {
  const world = await openWorld({ waits: SHORT_WAITS })
  const server = await startLargeAnswers(characters)
  onTestFinished(() => server.close())
  return { ...world, environment: { ...world.environment, OPENAI_BASE_URL: `${server.origin}/v1` } }
}

describe('answers of great size', () => {
  it('are read and written in a heap that could not hold them', async () => {
    const [rows, characters] = [12_000, 12_000]
    const world = await largeWorld(characters)
    await world.write('rows.jsonl', questions(rows))
    const surroundings = {
      folder: world.folder,
      environment: { ...world.environment, NODE_OPTIONS: '--max-old-space-size=64' },
    }
    const line = [
      'run',
      'rows.jsonl',
      '--model',
      MODELS.openai,
      '--prompt',
      '{{text}}',
      '-o',
      'answers.jsonl',
      '--quiet',
      '--yes',
      // The large server answers batches only.
      '--no-canary',
    ]
    expect(await type(surroundings, ...line)).toEqual({ code: 0, stdout: '', stderr: '' })
    const path = join(world.folder, 'answers.jsonl')
    expect((await stat(path)).size).toBeGreaterThan(rows * characters)
    let row = 0
    for await (const lines of splitLines(systemDisk.stream(path))) {
      for (const { bytes } of lines) {
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, 200).toString('latin1')
        expect(text).toContain(`"llm_output":"nonce:q-${row} x`)
        row += 1
      }
    }
    expect(row).toBe(rows)
  })

  it('may stand on one line', async () => {
    const characters = 20_000_000
    const world = await largeWorld(characters)
    const { counts } = await finish(await startIn(world, 'openai', questions(2)))
    expect(counts).toMatchObject({ succeeded: 2 })
    const answers = await readAnswers(world)
    expect(answers.map(({ llm_output }) => [llm_output?.slice(0, 9), llm_output?.length])).toEqual([
      ['nonce:q-0', characters + 10],
      ['nonce:q-1', characters + 10],
    ])
  })
})

describe('a result file', () => {
  const LINE = ['run', 'rows.jsonl', '--prompt', '{{text}}', '-o', 'answers.jsonl', '--quiet', '--model'] as const

  it('that came cut at the end of a line is fetched again, also where the provider does not find it for a moment', async () => {
    const faults = ['run:1=expire(0)', 'content:1=short', 'file:2=status(404)']
    const world = await openWorld({ waits: SHORT_WAITS, faults })
    const { counts } = await finish(await startIn(world, 'openai', questions(4)))
    expect(counts).toMatchObject({ succeeded: 4, missing: 0 })
  })

  it.each([
    ['of a size that is not told', 'openai', ['file=status(404)', 'content=endless'], { maxResultBytes: 60_000 }],
    ['that is longer than its size', 'mistral', ['content=endless'], {}],
  ] as const)('%s is given up, and held with the way to get more', async (_, provider, faults, limits) => {
    const world = await openWorld({ waits: SHORT_WAITS, faults, config: { limits } })
    await world.write('rows.jsonl', questions(3))
    const ended = await (provider === 'openai' ? type : typeHere)(world, ...LINE, MODELS[provider])
    expectExit(ended, 3)
    expect(ended.stderr).toMatch(/file \S+ was given up after \d+ bytes: .*limits\.maxResultBytes/s)
    expect(
      (await readdir(join(world.home, 'runs'), { recursive: true })).filter((name) => /partial/.test(name)),
    ).toEqual([])
    world.server.setFaults([])
    expectExit(await typeHere(world, 'resume'), 0)
    expect(await readStatuses(world)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 3, rowsBilledAgain: 0 })
  })

  it.each(['-7', '9', '100000'])(
    'is fetched once where its told size is only an estimate, off by %s',
    async (bytes) => {
      const world = await openWorld({ waits: SHORT_WAITS, faults: [`file=wrong-size(${bytes})`, 'content=crlf'] })
      const { run } = await finish(await startIn(world, 'openai', questions(3)))
      expect(run.state).toBe('completed')
      expect(world.server.firedFaults().filter(({ call }) => call === 'content')).toHaveLength(1)
    },
  )

  it('of another size than told is fetched again where rows of it would be sent again', async () => {
    const faults = ['file:1-4=wrong-size', 'run:1=row-status(429@1)', 'content:1-2=slow(1)']
    const world = await openWorld({ waits: SHORT_WAITS, faults })
    const { run } = await finish(await startIn(world, 'openai', questions(3)))
    expect(run.state).toBe('completed')
    expect(world.server.firedFaults().filter(({ call }) => call === 'content')).toHaveLength(2)
  })
})
