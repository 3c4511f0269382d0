import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Surroundings, type } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

const NOTE_LOADS = pathToFileURL(join(import.meta.dirname, '../support/note-loads.mjs')).href

/** Names of the packages below `node_modules` that a command loads, in alphabetical order. */
async function packagesOf(here: Surroundings, words: readonly string[]) {
  const file = join(here.folder, `loads-of-${words[0]}.txt`)
  const environment = { ...here.environment, NODE_OPTIONS: `--import=${NOTE_LOADS}`, NOTED_LOADS: file }
  const ended = await type({ ...here, environment }, ...words)
  const urls = (await readFile(file, 'utf8')).split('\n')
  const names = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
  return { ended, packages: [...new Set(names)].toSorted() }
}

/** A folder without a configuration, which takes zod to check, and with an empty home. */
async function emptyPlace(): Promise<Surroundings> {
  const { environment, folder } = await openWorld()
  await rm(join(folder, 'llm-batch.config.json'))
  return { folder, environment: { ...environment, LLM_BATCH_HOME: join(folder, 'empty') } }
}

const PRINTING: readonly string[] = [
  'commander',
  'fast-string-truncated-width',
  'fast-string-width',
  'fast-wrap-ansi',
  'picocolors',
]

/** Besides: SQLite, and what finds its binary. */
const OPENING: readonly string[] = ['@photostructure/sqlite', 'node-gyp-build']

describe('the start of a command', () => {
  it('loads for help what prints it, and for a look at the home what opens it', async () => {
    const help = await packagesOf(await emptyPlace(), ['--help'])
    expect(help.ended.stdout).toContain('Usage: llm-batch')
    expect(help.packages).toEqual(PRINTING)
    for (const [verb, shows] of [
      ['status', 'there is no run here'],
      ['runs', 'There are no runs here yet'],
    ] as const) {
      const { ended, packages } = await packagesOf(await emptyPlace(), [verb])
      expect(ended.stdout + ended.stderr).toContain(shows)
      expect(packages).toEqual([...OPENING, ...PRINTING].toSorted())
    }
    const tick = await packagesOf(await emptyPlace(), ['tick'])
    expect(tick.ended.code).toBe(0)
    for (const name of ['undici', 'zod']) expect(tick.packages).not.toContain(name)
  })

  it('loads the network for a run only, and nothing that its input does not need', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(1))
    const words = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '--no-wait']
    const { ended, packages } = await packagesOf(world, words)
    expect(ended.code).toBe(75)
    expect(packages).toEqual(expect.arrayContaining(['undici', 'zod']))
    for (const name of [
      '@modelcontextprotocol/server',
      '@opentelemetry/api',
      'ajv',
      'hono',
      'hyparquet',
      'liquidjs',
      'papaparse',
      'yaml',
    ])
      expect(packages).not.toContain(name)
  })
})
