// The pages for programs, for cron and for events are carried out as they stand.
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { REMOTE_STATUSES, STAGES } from '../../src/model/attempt.ts'
import { RUN_STATES } from '../../src/model/run.ts'
import { expectExit, parseLines, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { blocksOf } from '../support/page-blocks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TICKETS = 'id,text\n1,I was charged twice.\n2,The app crashes.\n3,Do you offer a discount?\n'
const workingFolder = process.cwd()

afterEach(() => {
  process.chdir(workingFolder)
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('docs/library.md', () => {
  /** Every block as a file of the world's folder. */
  async function written(world: LocalWorld): Promise<readonly string[]> {
    const blocks = await blocksOf('docs/library.md', ['ts'])
    return await Promise.all(blocks.map(({ text }, index) => world.write(`block-${index}.ts`, text)))
  }

  it('holds programs that do what they say', async () => {
    const world = await openWorld()
    await world.write('tickets.csv', TICKETS)
    for (const [variable, value] of Object.entries(world.environment)) vi.stubEnv(variable, value)
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...values) => void lines.push(values.join(' ')))
    process.chdir(world.folder)
    for (const path of await written(world)) await import(path)
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/^3 answers for \$/),
      expect.stringMatching(/^\d+ succeeded \[simulated\]/),
    ])
    expect(lines).toEqual(expect.arrayContaining(['open 2', '1 1']))
    expect(lines.join('\n')).toContain('1 problem in the input; nothing was sent. It is in line 2: missing_column:')
    expect((await readFile(join(world.folder, 'answers.csv'), 'utf8')).split('\n')[0]).toMatch(/^id,text,llm_output/)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3 + 2 + 3, rowsBilledAgain: 0 })
  })

  it('holds programs that TypeScript accepts', async () => {
    const world = await openWorld()
    const files = await written(world)
    const compilerOptions = {
      paths: { 'llm-batch': [join(ROOT, 'dist/index.d.ts')] },
      typeRoots: [join(ROOT, 'node_modules/@types')],
      moduleDetection: 'force',
      // As most programs have it.
      noPropertyAccessFromIndexSignature: false,
    }
    const project = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, files, include: [] }
    await world.write('package.json', '{ "type": "module" }')
    await world.write('tsconfig.json', JSON.stringify(project))
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', world.folder]).catch(
      (error) => error,
    )
    expect(stdout).toBe('')
  })
})

describe('README.md and docs/commands.md', () => {
  /** The commands of a page's blocks, one a line, without what a comment says. */
  async function commandsOf(page: string): Promise<readonly string[]> {
    const lines = (await blocksOf(page, ['sh'])).flatMap(({ text }) => text.replace(/\\\n */g, '').split('\n'))
    return lines.filter((line) => line.startsWith('llm-batch ')).map((line) => line.replace(/ +# .*/, ''))
  }

  it('hold an example that works as it stands', async () => {
    const world = await openWorld()
    await world.write('tickets.csv', TICKETS)
    const block = (await blocksOf('README.md', ['sh'])).map(({ text }) => text).join('')
    expect(block.trim().split('\n').length).toBeLessThan(25)
    const ended = []
    for (const line of await commandsOf('README.md')) {
      const [, ...words] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
      ended.push(await typeHere(world, ...words))
    }
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
    expect((await readFile(join(world.folder, 'answers.csv'), 'utf8')).trim().split('\n')).toHaveLength(4)
  })

  it('name every command', async () => {
    const { stdout } = await typeHere(await openWorld(), '--help')
    const verbs = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb)
    expect(verbs.length).toBeGreaterThan(15)
    const named = (await commandsOf('docs/commands.md')).map((line) => line.split(' ')[1])
    expect(verbs.filter((verb) => verb !== 'help' && !named.includes(verb))).toEqual([])
  })
})

describe('docs/cron.md', () => {
  it('holds commands that bring a run to its end', async () => {
    const world = await openWorld()
    const folder = join(world.folder, 'tickets')
    const programs = join(world.folder, 'programs')
    await mkdir(folder)
    await mkdir(programs)
    const program = async (name: string, line: string): Promise<void> => {
      await writeFile(join(programs, name), `#!/bin/sh\n${line}\n`)
      await chmod(join(programs, name), 0o755)
    }
    await program('llm-batch', `exec '${process.execPath}' '${join(ROOT, 'dist/cli/main.js')}' "$@"`)
    // Ten minutes pass faster here.
    await program('sleep', 'exec /bin/sleep 0.1')
    await writeFile(join(folder, 'tickets.csv'), TICKETS)
    await writeFile(join(folder, 'llm-batch.config.json'), await readFile(world.configPath))
    const env = { ...world.environment, HOME: world.folder, PATH: `${programs}:${world.environment['PATH']}` }
    for (const { language, text } of await blocksOf('docs/cron.md', ['sh', 'cron'])) {
      const line = language === 'cron' ? text.replace(/^(\S+ ){5}/, '') : text
      await promisify(execFile)('sh', ['-c', line], { cwd: folder, env })
    }
    expect((await readFile(join(folder, 'answers.csv'), 'utf8')).trim().split('\n')).toHaveLength(4)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3, batchesCreated: 1 })
  })
})

/** What stands in the first column of tables. */
function firstCells(text: string): string {
  return [...text.matchAll(/^\|([^|]*)\|/gm)].map(([, cell]) => cell).join('\n')
}

describe('docs/events.md', () => {
  it('describes every field that an event has', async () => {
    const world = await openWorld({ faults: ['create:1=accept-then-500', 'get:1=batch-status(odd)'] })
    await world.write('rows.jsonl', questions(3))
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
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...flags), 0)
    const events = parseLines(await readFile(join(world.folder, 'events.jsonl'), 'utf8'))
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['prepared', 'run', 'batch', 'settled', 'written', 'warning']),
    )
    const page = await readFile(join(ROOT, 'docs/events.md'), 'utf8')
    const [common = '', ...sections] = page.split(/^## /m).slice(1)
    for (const { type, ...fields } of events) {
      const section = sections.find((text) => text.startsWith(`\`${String(type)}\``)) ?? ''
      const undescribed = Object.keys(fields).filter(
        (field) => !firstCells(`${common}${section}`).includes(`\`${field}\``),
      )
      expect({ type, undescribed }).toEqual({ type, undescribed: [] })
    }
    const [example] = await blocksOf('docs/events.md', ['json'])
    const batch = events.find(({ type }) => type === 'batch')
    expect(Object.keys(JSON.parse(example?.text ?? ''))).toEqual(expect.arrayContaining(Object.keys(batch ?? {})))
  })

  it('describes every state, stage, status, code and kind', async () => {
    const page = await readFile(join(ROOT, 'docs/events.md'), 'utf8')
    const files = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'))
    const source = (await Promise.all(files.map((name) => readFile(join(ROOT, 'src', name), 'utf8')))).join('\n')
    const found = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, word = '']) => word)
    const codes = found(/type: 'warning',\s+code: '(\w+)'/g)
    const kinds = [...found(/addIncident\(\{[^}]*kind: '(\w+)'/g), ...found(/\{ kind: '(\w+)', count:/g)]
    expect(codes.length).toBeGreaterThan(10)
    expect(kinds.length).toBeGreaterThan(3)
    const words = [...RUN_STATES, ...STAGES, ...REMOTE_STATUSES, ...codes, ...kinds]
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([])
  })
})
