import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { forgetHosts } from '../../src/providers/registry.ts'
import { parseLines, type, typeHere } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { openWorld, questions } from '../support/local-world.ts'

// Test files share a process.
afterEach(forgetHosts)

interface Listed {
  readonly name: string
  readonly key: { readonly variable: string; readonly isSet: boolean }
  readonly recovery: string
}

describe('llm-batch providers', () => {
  it('lists every provider with limits, window, discount, recovery class, the day of its facts and its tests', async () => {
    const world = await openWorld()
    const { code, stderr, stdout } = await type(world, 'providers')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/openai +set +50,000 +200 MB +24h +50 % +marked +2026-11-28 +the local server, /)
    expect(stdout).toMatch(/deepinfra +- +10,000 +100 MB +24h +20 % +marked +2026-11-28 +the local server with/)
    expect(stdout).toMatch(/perplexity .* unknown +key +2026-11-28/)
    expect(stdout).toMatch(/ key +the create is repeated with its key/)
    const json = await typeHere(world, 'providers', '--json')
    const { providers } = JSON.parse(json.stdout) as { readonly providers: readonly Listed[] }
    const names = providers.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['openai', 'mistral', ...HOST_PROFILES.map(({ name }) => name)]))
    expect(providers.find(({ name }) => name === 'groq')).toMatchObject({
      title: 'Groq',
      key: { variable: 'GROQ_API_KEY', isSet: false },
      limits: { maxRequests: 50_000, maxBytes: 100_000_000 },
      windowHours: { default: 24, most: 168, canChoose: true },
      discount: 0.5,
      recovery: 'marked',
      asOf: '2026-11-28',
      page: 'docs/providers/hosts.md',
    })
  })

  it('shows what is known and not known of one, and names those there are for a name it does not know', async () => {
    const world = await openWorld()
    const { stdout } = await typeHere(world, 'providers', 'zhipu')
    expect(stdout).toMatch(/Peculiar +It is told to keep the input file/)
    expect(stdout).toMatch(/Not sure +The window is not part of the API/)
    const groq = await typeHere(world, 'providers', 'groq')
    expect(groq.stdout).toMatch(/Tested against +the local server with its peculiarities, groq-sdk as a client/)
    const unknown = await typeHere(world, 'providers', 'zhippu')
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the providers are openai, mistral, .*groq/),
    })
  })
})

describe('a host of the configuration file', () => {
  const key = 'own-host-key-0123456789'

  async function openHost(host: object = {}) {
    const world = await openWorld()
    const text = await readFile(world.configPath, 'utf8')
    const hosts = { ours: { baseUrl: world.server.openaiUrl, windowHours: 24, ...host } }
    await world.write('llm-batch.config.json', JSON.stringify({ ...JSON.parse(text), hosts }))
    const rows = await world.write('rows.jsonl', questions(3))
    const output = join(world.folder, 'answers.jsonl')
    const run = ['run', rows, '--model', 'ours/any-1', '--prompt', '{{text}}', '--yes', '--output', output]
    const environment = { ...world.environment, LLM_BATCH_KEY_OURS: key }
    return { world: { ...world, environment }, output, run }
  }

  it('takes a run to its end, and is listed as one that nobody has tested', async () => {
    const { output, run, world } = await openHost()
    expect(await type(world, ...run, '--config', world.configPath)).toMatchObject({ code: 0 })
    expect(parseLines(await readFile(output, 'utf8'))).toHaveLength(3)
    const listed = await typeHere(world, 'providers', 'ours', '--config', world.configPath)
    expect(listed.stdout).toMatch(/Tested against +nothing yet; a live probe of doctor tries it/)
    const doctor = await typeHere(world, 'doctor', '--config', world.configPath)
    expect(doctor.stdout).toMatch(/ours +LLM_BATCH_KEY_OURS from the environment.*\n +the key is accepted/)
  })

  it('shares the peculiarities of the host that it is like, and a live probe tries it', async () => {
    const peculiarities = [
      'signed-uploads',
      'purpose-batch-api',
      'bare-lines',
      'no-metadata',
      'bare-list',
      'upper-case',
    ]
    const world = await openWorld({ peculiarities, waits: SHORT_LIMITS })
    const text = await readFile(world.configPath, 'utf8')
    const hosts = { ours: { baseUrl: `${world.server.url}/v1`, like: 'together' } }
    await world.write('llm-batch.config.json', JSON.stringify({ ...JSON.parse(text), hosts }))
    const environment = { ...world.environment, LLM_BATCH_KEY_OURS: key }
    const probe = [
      'doctor',
      '--live',
      '--model',
      'ours/any-1',
      '--within',
      '60s',
      '--yes',
      '--config',
      world.configPath,
    ]
    const { code, stdout } = await typeHere({ ...world, environment }, ...probe)
    expect(code).toBe(0)
    expect(stdout).toMatch(/no batch from a deleted input +holds/)
    expect(stdout).toMatch(/a new batch is listed in time +holds/)
  })

  it('gets no key of the environment from a file that was only found', async () => {
    const { run, world } = await openHost()
    const refused = await typeHere(world, ...run)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('from a file that was only found') })
    const environment = { ...world.environment, LLM_BATCH_URL_OURS: world.server.openaiUrl }
    expect(await typeHere({ ...world, environment }, ...run)).toMatchObject({ code: 0 })
  })

  it.each([
    [{ like: 'grok' }, 'hosts.ours.like is "grok", which is not a host'],
    [{ baseUrl: 'http://example.com/v1' }, 'hosts.ours.baseUrl would send the key unencrypted'],
    [{ lines: 'bare' }, 'unknown key hosts.ours.lines (did you mean line or like?)'],
    [{ endpoints: ['chat'] }, 'expected an endpoint such as /v1/chat/completions'],
  ])('is refused with %j', async (host, message) => {
    const { run, world } = await openHost(host)
    const { code, stderr } = await typeHere(world, ...run, '--config', world.configPath)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
  })

  it('may not have the name of a provider', async () => {
    const world = await openWorld({ config: { hosts: { groq: { baseUrl: 'https://groq.example/v1' } } } })
    const { code, stderr } = await typeHere(world, 'doctor', '--config', world.configPath)
    expect(code).toBe(2)
    expect(stderr).toContain('hosts.groq: there is a provider of this name')
    expect(stderr).toContain('set GROQ_BASE_URL to reach groq elsewhere')
  })
})
