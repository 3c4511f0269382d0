import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/index.ts'
import { expectExit, parseLines, typedFirst, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { textsBelow } from '../support/texts-below.ts'

/** Every file below a folder, with its mode. */
async function filesBelow(folder: string): Promise<{ path: string; mode: number; isFolder: boolean }[]> {
  const found: { path: string; mode: number; isFolder: boolean }[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    found.push({ path, mode: (await stat(path)).mode & 0o777, isFolder: entry.isDirectory() })
    if (entry.isDirectory()) found.push(...(await filesBelow(path)))
  }
  return found
}

/** The files below a folder that hold a text anywhere. */
async function holders(folder: string, secret: string): Promise<readonly string[]> {
  return (await textsBelow(folder)).filter(({ text }) => text.includes(secret)).map(({ path }) => path)
}

const SECRET = 'sk-canary-9f8e7d6c5b4a39281706'

describe('a key', () => {
  const ECHOES = ['run:1=queue-full', 'create:1=echo-key(400)', 'get:1-2=echo-key(500)', 'create:1=echo-key(401)']

  it.each(ECHOES)('is in nothing that a run writes or shows, even when the provider echoes it (%s)', async (fault) => {
    const carryOut = typedFirst(ECHOES, fault)
    const world = await openWorld({ faults: [fault] })
    await world.write('rows.jsonl', questions(4))
    const environment = { ...world.environment, OPENAI_API_KEY: SECRET }
    const place = { folder: world.folder, environment }
    const flags = [
      '--model',
      'openai/gpt-6-luna',
      '--prompt',
      '{{text}}',
      '-o',
      'out.jsonl',
      '--events',
      'events.jsonl',
    ]
    const run = await carryOut(place, 'run', 'rows.jsonl', ...flags)
    const status = await carryOut(place, 'status', 'last', '--json')
    const doctor = await carryOut(place, 'doctor')
    for (const shown of [run, status, doctor]) {
      expect(shown.stdout).not.toContain(SECRET)
      expect(shown.stderr).not.toContain(SECRET)
    }
    expect(await readFile(join(world.folder, 'events.jsonl'), 'utf8')).toContain('"type":"batch"')
    const outsideServer = (await holders(world.folder, SECRET)).filter((path) => !path.includes('/server/'))
    expect(outsideServer).toEqual([])
  })
})

describe('the key of the local server', () => {
  it('is no secret: what the server answers is shown and kept as it came', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"one"}\n{"text":"[[simulate: refusal]]"}\n')
    const environment = { ...world.environment, OPENAI_API_KEY: 'simulated' }
    const flags = ['--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl']
    expectExit(await typeHere({ folder: world.folder, environment }, 'run', 'rows.jsonl', ...flags), 4)
    const [, refused] = parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))
    expect(refused).toMatchObject({ llm_status: 'refused', llm_error: expect.stringContaining('[simulated] ') })
  })
})

describe('a run folder', () => {
  it('is readable by its owner only, whatever the mask of the process', async () => {
    const world = await openWorld()
    const before = process.umask(0)
    try {
      const run = await startRun({
        input: [{ text: 'one' }],
        model: 'openai/gpt-6-luna',
        prompt: '{{text}}',
        config: world.configPath,
        environment: world.environment,
      })
      await run.finished()
      const open = (await filesBelow(world.home)).filter(({ isFolder, mode }) => mode !== (isFolder ? 0o700 : 0o600))
      await run.close()
      expect(open).toEqual([])
    } finally {
      process.umask(before)
    }
  })

  it('puts nothing of a prompt into what the provider lists beside the file, nor into the log', async () => {
    const world = await openWorld()
    const run = await startRun({
      input: [{ text: 'canary-prompt-5512' }],
      model: 'openai/gpt-6-luna',
      prompt: '{{text}}',
      config: world.configPath,
      environment: world.environment,
    })
    await run.finished()
    await run.close()
    const holding = (await holders(world.home, 'canary-prompt-5512')).map((path) =>
      path.replace(/.*\/runs\/[^/]+\//, ''),
    )
    // The frozen row and the input file hold it; state, log and file names do not.
    expect(
      holding.map((path) => path.replace(/[^/]+\.jsonl$/, (name) => (name === 'rows.jsonl' ? name : '*.jsonl'))),
    ).toEqual(expect.arrayContaining(['inputs/*.jsonl', 'rows.jsonl']))
    expect(holding.some((path) => path.includes('state.db') || path === 'log.jsonl')).toBe(false)
    const response = await fetch(`${world.server.openaiUrl}/batches`, {
      headers: { authorization: `Bearer ${world.environment['OPENAI_API_KEY']}` },
    })
    expect(await response.text()).not.toContain('canary-prompt-5512')
  })
})

describe('ids of the user', () => {
  it('never become paths, however they are written', async () => {
    const world = await openWorld()
    const ids = ['../../escape', '/etc/escape', 'C:\\escape', 'CON', 'a\u0000b', '__proto__', 'x'.repeat(10_000)]
    await mkdir(join(world.folder, 'work'))
    const run = await startRun({
      input: ids.map((id) => ({ id, text: `hello ${id.length}` })),
      idColumn: 'id',
      model: 'openai/gpt-6-luna',
      prompt: '{{text}}',
      output: join(world.folder, 'work', 'out.jsonl'),
      config: world.configPath,
      environment: world.environment,
    })
    const finished = await run.finished()
    const seen: string[] = []
    for await (const { id } of run.results()) seen.push(id)
    await run.close()
    expect(finished.counts.succeeded).toBe(ids.length)
    expect(seen).toEqual(ids)
    const names = await readdir(world.folder, { recursive: true })
    expect(names.filter((name) => /escape|CON$|__proto__|xxxx/.test(name))).toEqual([])
    expect((await readdir(join(world.folder, 'work'))).toSorted()).toEqual(['out.jsonl', 'out.jsonl.run.json'])
  })
})
