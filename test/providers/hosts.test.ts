import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { parseLines, typedFirst } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { HOST_ROWS, type HostRow } from './host-rows.ts'

it('every profile has its row', () => {
  expect(HOST_ROWS.map(({ name }) => name)).toEqual(HOST_PROFILES.map(({ name }) => name))
})

/** A world in which the local server plays the host, with its key set, and what runs a few questions there. */
async function openHost({ endpoint, model, name, peculiarities }: HostRow, faults: readonly string[] = []) {
  const world = await openWorld({ peculiarities, faults })
  const upper = name.toUpperCase()
  const environment = {
    ...world.environment,
    [`${upper}_API_KEY`]: 'host-key-0123456789',
    [`${upper}_BASE_URL`]: `${world.server.url}/v1`,
  }
  const rows = await world.write('rows.jsonl', questions(5))
  const output = join(world.folder, 'answers.jsonl')
  const kind = endpoint === undefined ? [] : ['--endpoint', 'responses']
  const asked = ['run', rows, '--model', `${name}/${model}`, '--prompt', '{{text}}', ...kind, '--yes']
  return { world: { ...world, environment }, output, run: [...asked, '--output', output, '--config', world.configPath] }
}

describe.each(HOST_ROWS)('a run at $name', (row) => {
  it('ends with all answers, each billed once, also where the answer to the create is lost', async () => {
    const { output, run, world } = await openHost(row, ['create:1=accept-then-reset'])
    expect(await typedFirst(HOST_ROWS, row)(world, ...run)).toMatchObject({ code: 0 })
    const answers = parseLines(await readFile(output, 'utf8'))
    expect(answers).toHaveLength(5)
    expect(answers[4]).toMatchObject({ id: 'q4', llm_status: 'succeeded' })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 5, rowsBilledAgain: 0 })
  })
})
