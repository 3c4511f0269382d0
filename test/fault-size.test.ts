import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemDisk } from '../src/lib/disk.ts'
import { splitLines } from '../src/lib/jsonl.ts'
import { type } from './support/command.ts'
import { finish, MODELS, readAnswers, SHORT_WAITS, startIn } from './support/fault-run.ts'
import { startLargeAnswers } from './support/large-answers.ts'
import { type LocalWorld, openWorld, questions } from './support/local-world.ts'

/** A world whose OpenAI answers at length. */
async function largeWorld(characters: number): Promise<LocalWorld> {
  const world = await openWorld({ waits: { ...SHORT_WAITS, http: '20s', settle: '20s', unfenced: '20s' } })
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
