import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { CONFORMANCE_CASES, type ConformanceSubject } from '../../src/providers/conformance.ts'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { registeredAdapter } from '../support/adapter.ts'
import { parseLines, typedFirst } from '../support/command.ts'
import { localConformance } from '../support/local-conformance.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { HOST_ROWS, type HostRow } from './host-rows.ts'

const CHAT = '/v1/chat/completions'

it('every profile has its row', () => {
  expect(HOST_ROWS.map(({ name }) => name)).toEqual(HOST_PROFILES.map(({ name }) => name))
})

describe.each(HOST_ROWS)('the profile of $name', ({ endpoint = CHAT, model, name, peculiarities }) => {
  let subject: ConformanceSubject

  beforeEach(async () => {
    const { server, ...control } = await localConformance({ peculiarities })
    const asked = { role: 'user', content: 'Is it?' }
    subject = {
      provider: await registeredAdapter(name, `${server.url}/v1`),
      target: { provider: name, endpoint, model },
      body: JSON.stringify({ model, ...(endpoint === CHAT ? { messages: [asked] } : { input: [asked] }) }),
      hasMetadata: !peculiarities.includes('no-metadata'),
      ...control,
    }
  })

  it.each(CONFORMANCE_CASES)('$name', async (conformance) => {
    await expect(conformance.run(subject)).resolves.toBeUndefined()
  })
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
