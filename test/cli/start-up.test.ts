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

describe('the start of a command', () => {
  it('loads no adapter and no network for a look at the home', async () => {
    // The world has a configuration file, which takes zod to check.
    const { environment, folder } = await openWorld()
    const here = { folder, environment: { ...environment, LLM_BATCH_HOME: join(folder, 'empty') } }
    await rm(join(folder, 'llm-batch.config.json'))
    const { ended, packages } = await packagesOf(here, ['status'])
    expect(ended.stderr).toContain('there is no run here')
    expect(packages).toContain('@photostructure/sqlite')
    for (const name of ['undici', 'zod']) expect(packages).not.toContain(name)
  })

  it('loads the network for a run only, and nothing that its input does not need', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(1))
    const words = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '--no-wait']
    const { ended, packages } = await packagesOf(world, words)
    expect(ended.code).toBe(75)
    expect(packages).toEqual(expect.arrayContaining(['undici', 'zod']))
    for (const name of ['ajv', 'hono', 'hyparquet', 'liquidjs', 'yaml']) expect(packages).not.toContain(name)
  })
})
