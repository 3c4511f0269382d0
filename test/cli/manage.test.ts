import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  answerHere,
  CTRL_C,
  expectExit,
  parseLines,
  start,
  type,
  typeHere,
  typeInTerminal,
} from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
const ENDLESS = { durations: { runMs: 3_600_000 } }

async function statuses({ folder }: LocalWorld, name = 'out.jsonl'): Promise<readonly unknown[]> {
  return parseLines(await readFile(join(folder, name), 'utf8')).map(({ llm_status }) => llm_status)
}

describe('llm-batch cancel', () => {
  it('cancels at the provider and writes what there is', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(3))
    await typeHere(world, ...LINE, '--no-wait')
    const { code, stderr } = await type(world, 'cancel', 'last')
    expectExit({ code, stderr }, 0)
    // The server answers the first row at once.
    expect(await statuses(world)).toEqual(['succeeded', 'cancelled', 'cancelled'])
    expect((await world.server.ledger()).batches).toMatchObject([{ phase: 'cancelled', rowsBilled: 1 }])
    expect(await typeHere(world, 'cancel', 'last')).toMatchObject({ code: 2 })
  })

  it('is carried out by the process that drives the run', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(3))
    const first = start(world, LINE)
    await first.shows('1 running')
    const { code, stderr } = await typeHere(world, 'cancel', 'last')
    expectExit({ code, stderr }, 0)
    expect(stderr).toContain('Another process is working on run')
    expect(await first.ended).toMatchObject({ code: 4 })
    expect(await statuses(world)).toEqual(['succeeded', 'cancelled', 'cancelled'])
  })
})

describe('llm-batch retry', () => {
  it('sends unbilled failures again', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"fine"}\n{"text":"[[simulate: status=400 times=1]] nonce:b"}\n')
    expect(await typeHere(world, ...LINE)).toMatchObject({ code: 4 })
    const { code, stderr } = await type(world, 'retry', 'last')
    expectExit({ code, stderr }, 0)
    expect(stderr).toContain('sending 1 failed row again')
    expect(await statuses(world)).toEqual(['succeeded', 'succeeded'])
  })

  it('buys billed rows again only where their status is named and the price accepted', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"fine"}\n{"text":"[[simulate: length times=1]] nonce:b"}\n')
    expect(await typeHere(world, ...LINE)).toMatchObject({ code: 4 })
    expect(await statuses(world)).toEqual(['succeeded', 'truncated'])
    const plain = await typeHere(world, 'retry', 'last')
    expect(plain.code).toBe(4)
    expect(plain.stderr).toMatch(/has no rows that were not billed to send again.*--status truncated/)
    const unaccepted = await typeHere(world, 'retry', 'last', '--status', 'truncated')
    expect(unaccepted.code).toBe(2)
    expect(unaccepted.stderr).toMatch(/1 row of run .* billed.*they cost \$[\d.]+ the last time[\s\S]*--yes/)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2 })
    const accepted = await typeHere(world, 'retry', 'last', '--status', 'truncated', '--yes')
    expectExit(accepted, 0)
    expect(await statuses(world)).toEqual(['succeeded', 'succeeded'])
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3 })
  })
})

describe('while a run goes on', () => {
  it('results writes what there is, without a key, and status tells where it stands', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(3))
    await typeHere(world, ...LINE, '--no-wait')
    const keyless = { folder: world.folder, environment: { PATH: '', LLM_BATCH_HOME: world.home } }
    const written = await type(keyless, 'results', 'last', '-o', 'part.csv')
    expectExit(written, 0)
    expect(written.stderr).toContain('3 rows without a result yet')
    expect(await readFile(join(world.folder, 'part.csv'), 'utf8')).toContain(',pending,')
    const piped = await typeHere(keyless, 'results', 'last')
    expect(parseLines(piped.stdout).map(({ llm_status }) => llm_status)).toEqual(['pending', 'pending', 'pending'])
    const status = await type(keyless, 'status')
    expect(status).toMatchObject({ code: 0, stderr: '' })
    expect(status.stdout).toMatch(/State +unfinished.*[\s\S]*0 of 3 done[\s\S]*batch_/)
    expect(JSON.parse((await typeHere(keyless, 'status', 'last', '--json')).stdout)).toMatchObject({
      version: 1,
      run: { state: 'paused' },
      counts: { batched: 3 },
      batches: [{ batch: 1, stage: 'submitted', remoteId: expect.stringMatching(/^batch_/) }],
    })
  })

  it('status --watch waits for the end and tells it by its exit code', async () => {
    const world = await openWorld({ durations: { runMs: 1_500 } })
    await world.write('rows.jsonl', questions(3))
    const first = start(world, LINE)
    await first.shows('0 of 3 rows')
    const watched = await type(world, 'status', '--watch')
    expectExit(watched, 0)
    expect(watched.stdout).toMatch(/State +completed/)
    expect(await first.ended).toMatchObject({ code: 0 })
  })
})

describe('llm-batch results', () => {
  it('keeps the prefix of the run, and writes other formats from the same answers', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"hello","llm_output":"from before"}\n')
    expect(await typeHere(world, ...LINE, '--prefix', 'new_', '--quiet')).toMatchObject({ code: 0 })
    expect(await typeHere(world, 'results', 'last', '-o', 'out.csv', '--quiet')).toMatchObject({ code: 0, stdout: '' })
    const [header] = (await readFile(join(world.folder, 'out.csv'), 'utf8')).split(/\r?\n/)
    expect(header).toMatch(/^text,llm_output,new_output,/)
    const { stdout } = await typeHere(world, 'results', 'last', '--format', 'provider')
    expect(parseLines(stdout)).toMatchObject([{ custom_id: '1', response: { status_code: 200 } }])
    const clash = await typeHere(world, 'results', 'last', '-o', 'clash.csv', '--prefix', 'llm_')
    expect(clash.code).toBe(2)
    expect(clash.stderr).toContain('columns with the names of added columns: llm_output')
  })
})

describe('llm-batch runs', () => {
  it('lists runs and forgets only what is collected', async () => {
    const world = await openWorld(ENDLESS)
    await world.write('rows.jsonl', questions(3))
    await typeHere(world, ...LINE, '--no-wait', '--name', 'weekly')
    const listed = await type(world, 'runs')
    expect(listed.stdout).toMatch(/weekly +unfinished/)
    const refused = await typeHere(world, 'runs', 'rm', 'weekly')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('not all of its results are collected')
    const [run] = JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs
    expect(await typeHere(world, 'runs', 'rm', 'weekly', '--force')).toMatchObject({ code: 0 })
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toEqual([])
    await expect(stat(join(world.home, 'runs', run.id))).rejects.toThrow('ENOENT')
  })
})

describe('llm-batch runs rm', () => {
  it('asks before paid answers go, and a script must say --yes', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(3))
    expectExit(await typeHere(world, ...LINE), 0)
    const script = await typeHere(world, 'runs', 'rm', 'last')
    expectExit(script, 2)
    expect(script.stderr).toMatch(/would be removed with 3 answers that you paid for; nothing was removed\n.*--yes/)
    for (const [keys, code] of [
      ['n\r', 2],
      [CTRL_C, 130],
    ] as const) {
      const kept = await answerHere(world, [['Remove them? [y/N] ', keys]], 'runs', 'rm', 'last')
      expectExit(kept, code)
      expect(kept.stderr).toMatch(/\nNothing was removed\.\n$/)
    }
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toHaveLength(1)
    expectExit(await answerHere(world, [['Remove them?', 'y\r']], 'runs', 'rm', 'last'), 0)
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toEqual([])
    expect(await statuses(world)).toHaveLength(3)
  })
})

describe('llm-batch runs clean', () => {
  it('removes files of runs that the home does not know, once they are old enough and the user agrees', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, ...LINE), 0)
    const { runs } = JSON.parse((await typeHere(world, 'runs', '--json')).stdout) as { runs: { id: string }[] }
    const clean = await typeHere(world, 'runs', 'clean')
    expectExit(clean, 0)
    expect(clean.stderr).toContain('lie no files of runs that the home does not know')
    const young = `abcd-${new Date().toISOString().slice(0, 10)}`
    for (const name of ['abcd-2026-01-01', 'efgh-2026-01-02', young, 'of-another-program']) {
      await mkdir(join(world.home, 'runs', name, 'results'), { recursive: true })
    }
    const script = await typeHere(world, 'runs', 'clean')
    expectExit(script, 2)
    expect(script.stderr).toContain('files of 2 runs that the home does not know: abcd-2026-01-01, efgh-2026-01-02.')
    expectExit(await answerHere(world, [['Remove them? [y/N] ', 'n\r']], 'runs', 'clean'), 2)
    expect(await readdir(join(world.home, 'runs'))).toHaveLength(5)
    expectExit(await typeHere(world, 'runs', 'clean', '--yes'), 0)
    const left = await readdir(join(world.home, 'runs'))
    expect(left.toSorted()).toEqual([...runs.map(({ id }) => id), young, 'of-another-program'].toSorted())
  })
})

describe('llm-batch plan', () => {
  it('shows what would be sent, without a key, and makes nothing', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(10))
    const keyless = { folder: world.folder, environment: { PATH: '', LLM_BATCH_HOME: world.home } }
    const words = ['plan', ...LINE.slice(1), '--max-requests', '4', '--max-tokens', '100']
    const { code, stderr, stdout } = await type(keyless, ...words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/Rows +10\n/)
    expect(stdout).toMatch(/openai\/gpt-6.1-terra +\/v1\/chat\/completions +3 +10 /)
    expect(stdout).toContain('user: Question 0 about nothing')
    await expect(stat(world.home)).rejects.toThrow('ENOENT')
  })

  it('warns of prices that are older than ninety days, by the clock of the machine', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    const planAt = async (now: string): Promise<string> => {
      const clock = `data:text/javascript,const%20real=Date.now;Date.now=()=>real()+Date.parse('${now}')-${Date.now()}`
      const environment = { ...world.environment, NODE_OPTIONS: `--import=${clock}` }
      const { code, stderr, stdout } = await type({ ...world, environment }, 'plan', ...LINE.slice(1, -2))
      expectExit({ code, stderr }, 0)
      return stdout
    }
    expect(await planAt('2028-01-01')).toMatch(
      /^! the prices of openai\/gpt-6\.1-terra are from \d{4}-\d\d-\d\d, more than ninety days ago$/m,
    )
    expect(await planAt('2026-11-29')).not.toContain('ninety days')
  })

  it('exits with 2 where run would refuse the input', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"fine"}\n{"test":"absent"}\n')
    const { code, stderr, stdout } = await typeHere(world, 'plan', ...LINE.slice(1))
    expect(code).toBe(2)
    expect(stdout).toMatch(/line 2 {2}missing_column/)
    expect(stderr).toContain('run would refuse this input')
  })
})

describe('the list of runs', () => {
  it.runIf(process.platform === 'linux')(
    'fits a terminal of 80 columns, with the table of what was spent',
    async () => {
      const world = await openWorld()
      await world.write('rows.jsonl', questions(2))
      for (const name of ['a-name-that-is-longer-than-a-column-can-be-at-this-width', 'short']) {
        expectExit(await typeHere(world, ...LINE.slice(0, -1), `${name}.jsonl`, '--again', '--name', name), 0)
      }
      const shown = await typeInTerminal(world, 80, 'runs')
      expect(shown.filter((text) => text.length > 80)).toEqual([])
      expect(shown[0]).toMatch(/^run +name +state +done +rows +failed/)
      expect(shown.join('\n')).toMatch(/a-name-th.*…[\s\S]*^month +model [\s\S]*Spent in all/m)
    },
  )
})

describe('llm-batch init', () => {
  it('gives a folder its own home, which runs below it find', async () => {
    const world = await openWorld()
    const environment = { PATH: '', HOME: world.folder, OPENAI_API_KEY: 'sk-any-0123456789' }
    expect(await type({ folder: world.folder, environment }, 'init')).toMatchObject({ code: 0, stdout: '' })
    expect((await stat(join(world.folder, '.llm-batch'))).mode & 0o777).toBe(0o700)
    expect(await readFile(join(world.folder, '.llm-batch', '.gitignore'), 'utf8')).toContain('*')
    const { stdout } = await typeHere({ folder: join(world.folder, 'server'), environment }, 'doctor', '--offline')
    expect(stdout).toContain(join(world.folder, '.llm-batch'))
  })
})

describe('llm-batch serve', () => {
  it('prints the variables to use, serves every dialect, and stops with Ctrl-C', async () => {
    const world = await openWorld()
    const command = start(world, ['serve', '--simulate', '--folder', 'served', '--port', '0', '--run', '10ms'])
    await command.shows('Stop with Ctrl-C')
    command.process.kill('SIGINT')
    const { code, stderr, stdout } = await command.ended
    expect(code).toBe(0)
    expect(stderr).toBe(`Serving simulated answers from ${join(world.folder, 'served')}. Stop with Ctrl-C.\n`)
    const lines = stdout.trimEnd().split('\n')
    for (const [variables, path] of [
      ['OPENAI', '/openai/v1'],
      ['MISTRAL', '/mistral/v1'],
      ['ANTHROPIC', '/anthropic'],
    ] as const) {
      const line = lines.find((one) => one.startsWith(`export ${variables}_BASE_URL=`))
      expect(line).toMatch(new RegExp(`=http://127\\.0\\.0\\.1:\\d+${path} ${variables}_API_KEY=\\S+$`))
    }
  })
})
