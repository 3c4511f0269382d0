import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { expectExit, type Surroundings, type, typeHere } from '../support/command.ts'
import { isProgramThere } from '../support/found-program.ts'
import { openWorld, questions } from '../support/local-world.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const MANUAL = fileURLToPath(new URL('../../dist/man/llm-batch.1', import.meta.url))
const SHELLS = ['bash', 'zsh', 'fish'] as const
const execute = promisify(execFile)

/** A world with a run that has a name, and the built command on the path under its own name. */
async function placeWithRun(): Promise<{ readonly here: Surroundings; readonly id: string }> {
  const { environment, folder, ...world } = await openWorld()
  await world.write('rows.jsonl', questions(1))
  const words = 'run rows.jsonl --model openai/gpt-6.1-terra --prompt {{text}} --name nightly --no-wait'.split(' ')
  expectExit(await typeHere({ environment, folder }, ...words), 75)
  await mkdir(join(folder, 'bin'))
  await symlink(COMMAND, join(folder, 'bin', 'llm-batch'))
  const PATH = [join(folder, 'bin'), process.env['PATH']].join(delimiter)
  const here = { folder, environment: { ...environment, PATH, HOME: folder } }
  const listed = await typeHere(here, 'completions', 'runs')
  return { here, id: /^\S+/.exec(listed.stdout)?.[0] ?? '' }
}

/** Completes lines by the function of the script, in one bash, and gives the offers of each. */
async function completedByBash(here: Surroundings, lines: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await type(here, 'completions', 'bash')
  const asked = lines.map((line) => {
    const words = line.split(' ')
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _llm_batch; echo "\${COMPREPLY[*]}"`
  })
  await writeFile(join(here.folder, 'lines.sh'), [script, ...asked].join('\n'))
  const { stderr, stdout } = await execute('bash', ['--norc', 'lines.sh'], { cwd: here.folder, env: here.environment })
  expect(stderr).toBe('')
  return stdout.split('\n').slice(0, -1)
}

describe('the completion scripts', () => {
  it('know every command and option that the manual knows, and are read by their shells', async () => {
    const here = await openWorld()
    const { stdout: help } = await typeHere(here, '--help')
    const names = [...help.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name)
    expect(names).toEqual(expect.arrayContaining(['run', 'completions', 'help']))
    const scripts = await Promise.all(SHELLS.map((shell) => type(here, 'completions', shell)))
    const manual = await readFile(MANUAL, 'utf8')
    const flags = new Set(manual.replaceAll('\\-', '-').match(/(?<=\\fB)--[a-z][a-z-]+(?=\\fR)/g))
    expect(flags.size).toBeGreaterThan(100)
    for (const [at, { code, stdout }] of scripts.entries()) {
      expect(code).toBe(0)
      expect(names.filter((name) => !stdout.includes(name))).toEqual([])
      expect(
        [...flags].filter((flag) => !stdout.includes(SHELLS[at] === 'fish' ? `-l ${flag.slice(2)}` : flag)),
      ).toEqual([])
      const shell = SHELLS[at] ?? 'bash'
      if (!isProgramThere(shell)) continue
      await writeFile(join(here.folder, 'script'), stdout)
      await execute(shell, ['-n', join(here.folder, 'script')])
    }
  })

  it.runIf(isProgramThere('bash'))('complete in bash what may follow, ids and names of runs too', async () => {
    const { here, id } = await placeWithRun()
    const table: readonly (readonly [line: string, offers: string])[] = [
      ['llm-batch sta', 'status'],
      ['llm-batch run rows.jsonl --max-co', '--max-cost'],
      ['llm-batch run --model openai/gpt-6.1-te', 'openai/gpt-6.1-terra'],
      ['llm-batch run rows.jsonl --model = openai/gpt-6.1-te', 'openai/gpt-6.1-terra'],
      ['llm-batch run --format js', 'jsonl json'],
      ['llm-batch run --max-cost ', ''],
      ['llm-batch run ', ''],
      ['llm-batch status ', `${id} nightly last`],
      ['llm-batch status nightly ', ''],
      ['llm-batch compare nightly las', 'last'],
      ['llm-batch status --home absent ', ''],
      ['llm-batch runs ', 'job rm clean'],
      ['llm-batch runs rm --force nigh', 'nightly'],
      ['llm-batch providers mist', 'mistral'],
      ['llm-batch help compl', 'completions'],
    ]
    const offered = await completedByBash(
      here,
      table.map(([line]) => line),
    )
    expect(offered).toEqual(table.map(([, offers]) => offers))
  })

  it.runIf(isProgramThere('fish'))('complete in fish', async () => {
    const { here } = await placeWithRun()
    const { stdout: script } = await type(here, 'completions', 'fish')
    const lines = [
      'llm-batch sta',
      'llm-batch status nigh',
      'llm-batch runs rm --fo',
      'llm-batch run --model openai/gpt-6.1-te',
    ]
    await writeFile(
      join(here.folder, 'lines.fish'),
      [script, ...lines.map((line) => `complete -C '${line}'`)].join('\n'),
    )
    const { stdout } = await execute('fish', ['-N', 'lines.fish'], { cwd: here.folder, env: here.environment })
    const firsts = stdout.split('\n').map((line) => line.split('\t')[0])
    expect(firsts).toEqual(['status', 'nightly', '--force', 'openai/gpt-6.1-terra', ''])
  })

  it('offer no name that a shell would read as more than a word, and make no home', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(1))
    expectExit(await typeHere(world, 'completions', 'runs'), 0)
    expect(await typeHere(world, 'runs')).toMatchObject({
      stdout: expect.stringContaining('no runs here yet') as unknown,
    })
    const words = 'run rows.jsonl --model openai/gpt-6.1-terra --prompt {{text}} --no-wait'.split(' ')
    expectExit(await typeHere(world, ...words, '--name', '$(touch owned)'), 75)
    const { stdout } = await typeHere(world, 'completions', 'runs')
    expect(stdout.split('\n').map((line) => line.split('\t')[1])).toEqual(['paused', 'the newest run', undefined])
  })
})
