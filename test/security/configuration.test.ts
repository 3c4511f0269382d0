import { chown } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { expectExit, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const LINE = ['rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}']
const PRICE = { inputUsdPerMillion: 0.001, outputUsdPerMillion: 0.001 }

async function worldWith(config: object): Promise<LocalWorld> {
  const world = await openWorld({ config })
  await world.write('rows.jsonl', questions(3))
  return world
}

/** How often standard error remarks on the file. */
function remarks(stderr: string): number {
  return stderr.split('llm-batch.config.json is in force').length - 1
}

describe('a configuration file in the working folder', () => {
  it('that raises what is spent unasked is named once, at the start of what costs money', async () => {
    const world = await worldWith({ prices: { 'openai/gpt-6-luna': PRICE }, budget: { askAboveUsd: 50 } })
    const plan = await typeHere(world, 'plan', ...LINE)
    expectExit(plan, 0)
    expect(plan.stdout).toMatch(/Prices +from the configuration/)
    expect(remarks(plan.stderr)).toBe(0)
    const run = await type(world, 'run', ...LINE, '-o', 'out.jsonl', '--quiet')
    expectExit(run, 0)
    expect(remarks(run.stderr)).toBe(1)
    expect(run.stderr).toContain(
      'in force: runs of up to $50 are sent without a question; it sets the price of openai/gpt-6-luna',
    )
    expect(remarks((await typeHere(world, 'try', ...LINE, '--rows', '1')).stderr)).toBe(1)
    const named = await typeHere(world, 'try', ...LINE, '--rows', '1', '--config', world.configPath)
    expect(remarks(named.stderr)).toBe(0)
  })

  it.runIf(process.getuid?.() === 0)('that another user made is named', async () => {
    const world = await worldWith({})
    expect(remarks((await typeHere(world, 'try', ...LINE, '--rows', '1')).stderr)).toBe(0)
    await chown(world.configPath, 12_345, 12_345)
    const { stderr } = await typeHere(world, 'try', ...LINE, '--rows', '1')
    expect(stderr).toContain('in force: it was made by another user')
  })
})
