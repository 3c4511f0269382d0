import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemRandom } from '../../src/lib/random.ts'
import { createHostProvider } from '../../src/providers/hosts/adapter.ts'
import type { HostProfile } from '../../src/providers/hosts/profile.ts'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import { createTransport } from '../../src/providers/http.ts'
import { impatientClock, KEY } from '../support/adapter.ts'
import { parseLines, typedFirst } from '../support/command.ts'
import { answerJson, startHttpServer } from '../support/http-server.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { HOST_ROWS, type HostRow } from './host-rows.ts'

it('every profile has its row', () => {
  expect(HOST_ROWS.map(({ name }) => name)).toEqual(HOST_PROFILES.map(({ name }) => name))
})

it('a word of the host for the state of a batch means what its profile says, in any letter case', async () => {
  const server = await startHttpServer((_request, response) =>
    answerJson(response, 200, { id: 'batch_1', status: 'ON_ITS_WAY', endpoint: '/v1/chat/completions' }),
  )
  onTestFinished(() => server.close())
  const [profile] = HOST_PROFILES
  if (profile === undefined) throw new Error('there are no profiles')
  const got = async (statuses: HostProfile['statuses'] = {}) => {
    const transport = createTransport({
      apiOrigin: server.origin,
      clock: impatientClock,
      idleTimeoutMs: 60_000,
      environment: {},
    })
    const options = { apiKey: KEY, baseUrl: server.origin, transport, clock: impatientClock, random: systemRandom }
    return await createHostProvider({ ...profile, statuses }, options).get('batch_1', new AbortController().signal)
  }
  expect(await got()).toMatchObject({ status: 'in_progress', isStatusUnknown: true })
  expect(await got({ on_its_way: 'finalizing' })).toMatchObject({ status: 'finalizing', isStatusUnknown: false })
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
