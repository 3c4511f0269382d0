import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/index.ts'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const ROWS = 'id;text\n1;hello\n2;"two\nlines"\n'

/** The hashes of what the run behind these answers asked. */
async function hashesOf(world: LocalWorld, answers: string): Promise<{ rows: string; requests: string }> {
  return JSON.parse(await readFile(join(world.folder, `${answers}.run.json`), 'utf8')).hashes
}

/** Prints the job of the newest run into a file of this name. */
async function keepJob(world: LocalWorld, name: string): Promise<{ text: string; stderr: string }> {
  const { code, stderr, stdout } = await typeHere(world, 'runs', 'job', 'last')
  expectExit({ code, stderr }, 0)
  await world.write(name, stdout)
  return { text: stdout, stderr }
}

describe('a job file', () => {
  it('is run, planned and tried like the flags that it stands for', async () => {
    const world = await openWorld()
    await world.write('rows.csv', ROWS)
    await world.write(
      'job.yaml',
      [
        'input: rows.csv',
        'delimiter: ";"',
        'model: openai/gpt-6.1-terra',
        'prompt: |-',
        '  Say:',
        '  {{ text | upcase }}',
        'messages:',
        '  - { role: system, content: "Be kind to {{ id }}." }',
        'maxTokens: 50',
        'param: { seed: 7 }',
        'output: from-job.jsonl',
        'canary: false',
      ].join('\n'),
    )
    await world.write('messages.json', JSON.stringify([{ role: 'system', content: 'Be kind to {{ id }}.' }]))
    const shown = await typeHere(world, 'prompt', 'job.yaml', '--rows', '1')
    expect(shown.stdout).toContain('Be kind to 1.\n  user\n    Say:\n    HELLO\n')
    expect((await typeHere(world, 'plan', 'job.yaml')).stdout).toMatch(/Rows +2\n/)
    expect((await typeHere(world, 'try', 'job.yaml', '--rows', '1')).stdout).toMatch(/Answered +1 of 1 row/)
    expectExit(await type(world, 'run', 'job.yaml', '--quiet'), 0)
    const flags = ['--delimiter', ';', '--model', 'openai/gpt-6.1-terra', '--max-tokens', '50', '--param', 'seed=7']
    const texts = ['--prompt', 'Say:\n{{ text | upcase }}', '--messages-file', 'messages.json']
    const typed = ['run', 'rows.csv', ...flags, ...texts, '-o', 'typed.jsonl', '--quiet']
    const same = await typeHere(world, ...typed.filter((word) => word !== '--quiet'))
    expect(same).toMatchObject({ code: 0, stderr: expect.stringContaining('Finished already, as run') })
    expectExit(await typeHere(world, ...typed, '--force', '--again'), 0)
    expect(await hashesOf(world, 'typed.jsonl')).toEqual(await hashesOf(world, 'from-job.jsonl'))
  })

  it('is kept with a run of flags, readable by its owner only, and repeats that run', async () => {
    const world = await openWorld()
    await world.write('rows.csv', ROWS)
    await world.write('prompt.txt', 'Say "{{text}}" # not a comment: {{id}}\n\n\tend  \n')
    const flags = ['--delimiter', ';', '--model', 'mistral/mistral-small-latest', '--prompt-file', 'prompt.txt']
    const more = [
      '--temperature',
      '0.5',
      '--param',
      'stop=["x"]',
      '--name',
      'mine',
      '--deadline',
      '20h',
      '--limit',
      '2',
    ]
    expectExit(await typeHere(world, 'run', 'rows.csv', ...flags, ...more, '-o', 'first.csv', '--quiet'), 0)
    const { stderr, text } = await keepJob(world, 'kept.yaml')
    expect(stderr).toBe('')
    expect(text).toMatch(/^# The job of run \S+, kept by llm-batch [\d.]+\.\n/)
    expect(text).toContain(`input: ${join(world.folder, 'rows.csv')}\n`)
    expect(text).toContain('deadline: 20h\n')
    expect(text).not.toContain('mine')
    const [run = ''] = await readdir(join(world.home, 'runs'))
    expect((await stat(join(world.home, 'runs', run, 'job.yaml'))).mode & 0o777).toBe(0o600)
    const twice = await typeHere(world, 'run', 'kept.yaml', '-o', 'again.csv')
    expect(twice).toMatchObject({ code: 0, stderr: expect.stringContaining('Finished already, as run') })
    expectExit(await typeHere(world, 'run', 'kept.yaml', '--again', '-o', 'again.csv', '--force', '--quiet'), 0)
    expect(await hashesOf(world, 'again.csv')).toEqual(await hashesOf(world, 'first.csv'))
    expect(await readFile(join(world.folder, 'again.csv.run.json'), 'utf8')).toContain('"temperature": 0.5')
    // What was repeated is kept like what it repeats.
    const { text: second } = await keepJob(world, 'second.yaml')
    const fieldsOf = (job: string): string => job.replace(/^#.*\n/gm, '').replace(/^output: .*\n/m, '')
    expect(fieldsOf(second)).toBe(fieldsOf(text))
  })

  it('of rows that came through a pipe takes the copy of them that the run keeps', async () => {
    const world = await openWorld()
    const words = ['run', '-', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '--input-format', 'csv']
    const piped = start(world, [...words, '--delimiter', ';', '--quiet', '-o', 'first.jsonl'], { input: ROWS })
    expectExit(await piped.ended, 0)
    const { stderr, text } = await keepJob(world, 'kept.yaml')
    expect(stderr).toContain('warning: The rows did not come from a file')
    expect(text).toMatch(/^input: .*rows\.jsonl$/m)
    expectExit(await typeHere(world, 'run', 'kept.yaml', '--again', '-o', 'again.jsonl', '--quiet'), 0)
    expect(await hashesOf(world, 'again.jsonl')).toEqual(await hashesOf(world, 'first.jsonl'))
  })

  it('of a library run is the options that it was given', async () => {
    const world = await openWorld()
    const run = await startRun({
      input: [{ text: 'one' }, { text: 'two' }],
      model: 'openai/gpt-6.1-terra',
      prompt: '{{ text | upcase }}',
      messages: [{ role: 'system', content: 'Be kind.' }],
      parameters: { seed: 7 },
      maxTokens: 50,
      budget: { maxCostUsd: 3 },
      maxImageBytes: 5_000_000,
      output: join(world.folder, 'first.jsonl'),
      config: world.configPath,
      environment: world.environment,
    })
    await run.finished()
    await run.close()
    const { text } = await keepJob(world, 'kept.yaml')
    expect(text).toMatch(/maxCost: 3\n[\s\S]*imageMaxMb: 5\n/)
    expectExit(await typeHere(world, 'run', 'kept.yaml', '--again', '-o', 'again.jsonl', '--quiet'), 0)
    expect(await hashesOf(world, 'again.jsonl')).toEqual(await hashesOf(world, 'first.jsonl'))
  })

  it('of a library run says what a function made', async () => {
    const world = await openWorld()
    const run = await startRun({
      input: [{ text: 'one' }],
      model: 'openai/gpt-6.1-terra',
      prompt: (row) => `Say ${row.text}`,
      config: world.configPath,
      environment: world.environment,
    })
    await run.close()
    const { stderr } = await keepJob(world, 'kept.yaml')
    expect(stderr).toContain(
      'warning: Its prompt was made by the program that started the run; it is stored with the run',
    )
  })

  it('is missing from a run that was made before jobs were kept', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"x"}\n')
    expectExit(
      await typeHere(
        world,
        'run',
        'rows.jsonl',
        '--model',
        'openai/x',
        '--prompt',
        '{{text}}',
        '--no-wait',
        '--quiet',
        '-o',
        'o.jsonl',
      ),
      75,
    )
    const [run = ''] = await readdir(join(world.home, 'runs'))
    const { rm } = await import('node:fs/promises')
    await rm(join(world.home, 'runs', run, 'job.yaml'))
    const { code, stderr } = await type(world, 'runs', 'job', run)
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(/has no stored job[\s\S]*next: .*llm-batch status/)
    expect(parseLines(await readFile(join(world.home, 'runs', run, 'rows.jsonl'), 'utf8'))).toHaveLength(1)
  })
})
