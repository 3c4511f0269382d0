import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../src/lib/random.ts'
import { createAzureProvider } from '../../src/providers/azure/adapter.ts'
import { createTransport } from '../../src/providers/http.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { impatientClock, KEY } from '../support/adapter.ts'
import { parseLines, type, typeHere } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { PROVIDER_ROWS } from './provider-rows.ts'

const AZURE = PROVIDER_ROWS.find(({ name }) => name === 'azure')?.peculiarities ?? []
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl'

function azureAt(origin: string, options: { readonly apiVersion?: string; readonly apiKey?: string } = {}): Provider {
  const transport = createTransport({
    apiOrigin: origin,
    clock: impatientClock,
    idleTimeoutMs: 60_000,
    environment: {},
  })
  const common = { apiKey: KEY, baseUrl: `${origin}/v1`, transport, clock: impatientClock, random: systemRandom }
  return createAzureProvider({ ...common, ...options })
}

describe('a call of azure', () => {
  it.each([
    ['a key of the resource', KEY, { 'api-key': KEY }],
    ['a token of Entra', TOKEN, { authorization: `Bearer ${TOKEN}` }],
  ])('carries %s in its header and in no other', async (_, apiKey, header) => {
    const server = await startHttpServer((_request, response) =>
      answerJson(response, 200, { data: [], has_more: false }),
    )
    try {
      await azureAt(server.origin, { apiKey }).greet?.(new AbortController().signal)
      const [received] = server.received
      expect(received?.path).toBe('/openai/v1/batches?limit=1')
      expect({ 'api-key': received?.headers['api-key'], authorization: received?.headers.authorization }).toEqual({
        'api-key': undefined,
        authorization: undefined,
        ...header,
      })
    } finally {
      await server.close()
    }
  })
})

async function openAzure(options: Parameters<typeof openWorld>[0] = {}) {
  const world = await openWorld({ peculiarities: AZURE, ...options })
  const environment = {
    ...world.environment,
    AZURE_OPENAI_API_KEY: 'azure-key-0123456789',
    AZURE_OPENAI_ENDPOINT: world.server.url,
  }
  const rows = await world.write('rows.jsonl', questions(6))
  const output = join(world.folder, 'answers.jsonl')
  const asked = [
    'run',
    rows,
    '--model',
    'azure/my-batch-deployment',
    '--prompt',
    '{{text}}',
    '--yes',
    '--output',
    output,
  ]
  return { world: { ...world, environment }, output, run: [...asked, '--config', world.configPath] }
}

/** Prints another token each time, and counts them. */
const PRINTS_TOKENS = `
const { readFileSync, writeFileSync } = require('node:fs')
const path = process.argv[2]
const count = Number(readFileSync(path, 'utf8')) + 1
writeFileSync(path, String(count))
console.log('eyJhbGciOiJSUzI1NiJ9.eyJuIjoi' + count + 'In0.c2lnbmF0dXJl' + count)`

/** A world with a command in place of a key. */
async function withCommand(script: string, options: Parameters<typeof openWorld>[0] = {}) {
  const { run, world } = await openAzure(options)
  const count = await world.write('count.txt', '0')
  const program = await world.write('token.cjs', script)
  const config = JSON.parse(await readFile(world.configPath, 'utf8'))
  const tokenCommand = [process.execPath, program, count]
  await writeFile(world.configPath, JSON.stringify({ ...config, providers: { azure: { tokenCommand } } }))
  const { AZURE_OPENAI_API_KEY: _key, ...environment } = world.environment
  return { commandWorld: { ...world, environment }, printed: () => readFile(count, 'utf8'), run }
}

/** All bytes of the files of a folder, as text. */
async function textBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name, parentPath }) => join(parentPath, name))
  return (await Promise.all(files.map((path) => readFile(path, 'latin1')))).join('')
}

describe('a run at azure', () => {
  it('ends with all answers, each billed once, also where the answer to the create is lost', async () => {
    const { output, run, world } = await openAzure({ faults: ['create:1=accept-then-reset'] })
    expect(await type(world, ...run)).toMatchObject({ code: 0 })
    expect(parseLines(await readFile(output, 'utf8'))).toHaveLength(6)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 6, rowsBilledAgain: 0 })
  })

  it('goes on at the dated family of addresses, with a token of Entra in place of the key', async () => {
    const { output, run, world } = await openAzure()
    const { AZURE_OPENAI_API_KEY: _key, ...others } = world.environment
    const environment = { ...others, AZURE_OPENAI_AD_TOKEN: TOKEN, OPENAI_API_VERSION: '2025-04-01-preview' }
    expect(await typeHere({ ...world, environment }, ...run)).toMatchObject({ code: 0 })
    expect(parseLines(await readFile(output, 'utf8'))).toHaveLength(6)
  })

  it('goes on with tokens that a command prints, asks it again after a refusal, and shows and keeps none', async () => {
    const { commandWorld, printed, run } = await withCommand(PRINTS_TOKENS, { faults: ['list:1=echo-key'] })
    const ended = await typeHere(commandWorld, ...run)
    expect(ended).toMatchObject({ code: 0 })
    expect(await printed()).toBe('2')
    const headers = commandWorld.server.firedFaults()
    expect(headers).toHaveLength(1)
    expect(ended.stdout + ended.stderr).not.toMatch(/c2lnbmF0dXJl/)
    expect(await textBelow(commandWorld.home)).not.toMatch(/c2lnbmF0dXJl/)
    expect(await commandWorld.server.ledger()).toMatchObject({ rowsBilled: 6, rowsBilledAgain: 0 })
  })

  it('masks each token that a command printed where the provider says it', async () => {
    const { commandWorld, run } = await withCommand(PRINTS_TOKENS, { faults: ['list=echo-key'] })
    const { code, stderr } = await typeHere(commandWorld, ...run)
    expect(code).toBe(3)
    expect(stderr).toContain('Incorrect API key provided: ***')
    expect(stderr).not.toMatch(/c2lnbmF0dXJl/)
  })

  it('says in a sentence why the command that prints tokens failed, and sends nothing', async () => {
    const script = `console.error('Please run az login to set up account.\\nmore'); process.exit(7)`
    const { commandWorld, run } = await withCommand(script)
    const { code, stderr } = await typeHere(commandWorld, ...run)
    expect(code).toBe(2)
    expect(stderr).toContain('ended with 7: Please run az login to set up account.')
    expect(stderr).not.toContain('more\n')
    expect(await commandWorld.server.ledger()).toMatchObject({ batches: [] })
  })

  it('starts no command of a file that was only found', async () => {
    const { commandWorld, printed, run } = await withCommand(PRINTS_TOKENS)
    const found = await typeHere(commandWorld, ...run.slice(0, -2))
    expect(found).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is a program to start, in a file that was only found'),
    })
    expect(await printed()).toBe('0')
  })

  it('waits where a full queue refuses the create, and sends each batch once', async () => {
    const { output, run, world } = await openAzure({
      queueTokens: 60,
      durations: { runMs: 200 },
      faults: ['create=slow(0)'],
      config: { limits: { maxRequests: 3 } },
      waits: SHORT_LIMITS,
    })
    expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
    expect(parseLines(await readFile(output, 'utf8'))).toHaveLength(6)
    expect(world.server.firedFaults().length).toBeGreaterThan(2)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 6, rowsBilledAgain: 0 })
  })

  it('is refused before anything is sent without an address, and for embeddings', async () => {
    const { run, world } = await openAzure()
    const { AZURE_OPENAI_ENDPOINT: _address, ...environment } = world.environment
    expect(await typeHere({ ...world, environment }, ...run)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no address for azure: AZURE_OPENAI_ENDPOINT is not set'),
    })
    const embed = await typeHere(world, ...run, '--endpoint', 'embeddings')
    expect(embed).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('azure does not support batches for embeddings'),
    })
  })
})
