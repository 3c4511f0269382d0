import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { registerProvider } from '../../src/provider.ts'
import { OPENAI } from '../../src/providers/openai/entry.ts'
import type { ProviderEntry } from '../../src/providers/provider-entry.ts'
import { FORGETFUL_PARCEL, KEYED_PARCEL, NAMED_PARCEL, PARCEL } from '../fixtures/parcel/adapter.ts'
import { ParcelServer } from '../fixtures/parcel/server.ts'
import { typeHere } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

/** A provider like OpenAI of which it is not known that a deleted file stops a late create. */
const UNFENCED: ProviderEntry = {
  ...OPENAI,
  name: 'unfenced',
  create: async (options, environment) => ({
    ...(await OPENAI.create(options, environment)),
    name: 'unfenced',
    abilities: { recovery: 'unfenced' },
  }),
}

beforeAll(() => {
  const removals = [PARCEL, NAMED_PARCEL, KEYED_PARCEL, FORGETFUL_PARCEL, UNFENCED].map(registerProvider)
  // Test files share a process.
  return () => removals.forEach((remove) => remove())
})

/** The invented provider on this machine, and a world in which its key is set. */
async function openParcels(): Promise<{ readonly parcels: ParcelServer; readonly world: LocalWorld }> {
  const parcels = new ParcelServer()
  const server = await parcels.start()
  onTestFinished(() => server.close())
  const world = await openWorld({ waits: SHORT_LIMITS })
  const environment = {
    ...world.environment,
    PARCEL_KEY: 'parcel-key',
    PARCEL_BASE_URL: `${server.origin}/v1`,
  }
  return { parcels, world: { ...world, environment } }
}

async function answersIn(world: LocalWorld): Promise<readonly unknown[]> {
  const text = await readFile(join(world.folder, 'answers.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}

it('a provider without stored inputs, marks and error files is one folder, and takes a run to its end', async () => {
  const { parcels, world } = await openParcels()
  const rows = await world.write('rows.jsonl', questions(250))
  const words = ['run', rows, '--model', 'parcel/large', '--prompt', '{{text}}', '--yes', '--config', world.configPath]
  const run = await typeHere(world, ...words, '--output', join(world.folder, 'answers.jsonl'))
  expect(run).toMatchObject({ code: 0 })
  expect(parcels.made).toBe(3)
  const answers = await answersIn(world)
  expect(answers).toHaveLength(250)
  expect(answers[7]).toMatchObject({ id: 'q7', llm_status: 'succeeded' })
})

/** The invented provider, a command line that runs so many questions there, and how the batch of the run stands. */
async function openRun(count: number, model = 'parcel/large') {
  const { parcels, world } = await openParcels()
  const rows = await world.write('rows.jsonl', questions(count))
  const place = ['--config', world.configPath]
  const output = ['--output', join(world.folder, 'answers.jsonl')]
  const run = ['run', rows, '--model', model, '--prompt', '{{text}}', '--yes', ...place, ...output]
  return { parcels, world, place, run }
}

it('a batch of as many requests is taken for a lost one once its answers show our ids, and nothing is sent twice', async () => {
  const { parcels, place, run, world } = await openRun(5)
  parcels.faults.push('made_and_lost')
  parcels.addForeign(4)
  expect(await typeHere(world, ...run, '--no-wait')).toMatchObject({ code: 75 })
  expect(await typeHere(world, 'resume', 'last', ...place)).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 1, made: 1, returned: [] })
  expect(await answersIn(world)).toHaveLength(5)
})

it('a like batch of somebody else is never taken, cancelled or bought beside: the answers of both tell which is ours', async () => {
  const { parcels, run, world } = await openRun(5)
  parcels.faults.push('made_and_lost')
  parcels.addForeign(5)
  parcels.whenMade = () => parcels.addForeign(5)
  expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 1, returned: [] })
  const answers = await answersIn(world)
  expect(answers).toHaveLength(5)
  expect(answers[0]).toMatchObject({ id: 'q0', llm_status: 'succeeded' })
})

it('a lost create of which nothing is listed is held, and sent again only when the user says so', async () => {
  const { parcels, place, run, world } = await openRun(5)
  parcels.faults.push('lost')
  parcels.addForeign(5)
  const held = await typeHere(world, ...run)
  expect(held).toMatchObject({ code: 3, stderr: expect.stringContaining('parcel keeps no mark') })
  expect(await typeHere(world, 'resume', 'last', ...place)).toMatchObject({ code: 3 })
  expect(parcels).toMatchObject({ creates: 1, made: 0, returned: [] })
  const status = await typeHere(world, 'status', 'last', ...place)
  expect(status.stdout).toMatch(/Crash safety +this provider does not keep a mark on a batch/)
  const sent = await typeHere(world, 'resume', 'last', ...place, '--on-unknown-create', 'resend')
  expect(sent).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 2, made: 1 })
  expect(await answersIn(world)).toHaveLength(5)
})

it('a like batch that has ended without an answer is named, and not taken for ours', async () => {
  const { parcels, run, world } = await openRun(5)
  parcels.faults.push('lost')
  parcels.addForeign(5, false)
  const held = await typeHere(world, ...run)
  expect(held).toMatchObject({ code: 3, stderr: expect.stringContaining('foreign-1, which may be it') })
  expect(parcels).toMatchObject({ creates: 1, made: 0 })
})

it('a like batch that has come up since a person was asked is named first, and then sent beside', async () => {
  const { parcels, place, run, world } = await openRun(5)
  parcels.faults.push('lost')
  expect(await typeHere(world, ...run)).toMatchObject({ code: 3 })
  parcels.addForeign(5, false)
  const resend = ['resume', 'last', ...place, '--on-unknown-create', 'resend']
  const again = await typeHere(world, ...resend)
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('foreign-1, which may be it') })
  expect(parcels).toMatchObject({ creates: 1, made: 0 })
  expect(await typeHere(world, ...resend)).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 2, made: 1 })
})

it('a throttled create is sent again by itself once a listing shows that it made nothing', async () => {
  const { parcels, run, world } = await openRun(5)
  parcels.faults.push('throttled')
  expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 2, made: 1 })
})

it('batches that nothing but their size tells apart have different sizes while a create is in doubt', async () => {
  const { parcels, place, run, world } = await openRun(250)
  expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
  expect(parcels.sizes.toSorted((one, other) => one - other)).toEqual([51, 99, 100])
  const others = await world.write('others.jsonl', questions(5, 'other'))
  const again = ['run', others, '--model', 'parcel/large', '--prompt', '{{text}}', '--yes', ...place]
  parcels.faults.push('lost')
  expect(await typeHere(world, ...again)).toMatchObject({ code: 3 })
  const third = await world.write('third.jsonl', questions(5, 'third'))
  const beside = ['run', third, '--model', 'parcel/large', '--prompt', '{{text}}', '--yes', ...place]
  expect(await typeHere(world, ...beside)).toMatchObject({ code: 0 })
  expect(new Set(parcels.sizes.slice(3))).toEqual(new Set([1, 4]))
})

it('a lost create is found by its name where batches have one', async () => {
  const { parcels, run, world } = await openRun(5, 'parcel-named/large')
  parcels.faults.push('made_and_lost')
  parcels.addForeign(5)
  expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 1, made: 1 })
  expect(await answersIn(world)).toHaveLength(5)
})

it('a lost create whose name no batch has is held, because nothing could be fenced off', async () => {
  const { parcels, run, world } = await openRun(5, 'parcel-named/large')
  parcels.faults.push('lost')
  parcels.addForeign(5)
  expect(await typeHere(world, ...run)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('there is no input file'),
  })
  expect(parcels).toMatchObject({ creates: 1, made: 0 })
})

it('a lost create is held with its input kept where a deletion would prove nothing, though the file could be deleted', async () => {
  const world = await openWorld({ faults: ['create:1=reset'], waits: SHORT_LIMITS })
  const rows = await world.write('rows.jsonl', questions(5))
  const place = ['--config', world.configPath]
  const run = ['run', rows, '--model', 'unfenced/gpt-6-luna', '--prompt', '{{text}}', '--yes', '--no-canary', ...place]
  expect(await typeHere(world, ...run)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('nothing is known to stop a late create at unfenced'),
  })
  const files = await fetch(`${world.server.openaiUrl}/files`, { headers: { authorization: 'Bearer any' } })
  expect(await files.json()).toMatchObject({ data: [{ purpose: 'batch' }] })
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
})

it('a lost create is repeated with its key, which makes no second batch', async () => {
  const { parcels, run, world } = await openRun(5, 'parcel-keyed/large')
  parcels.faults.push('made_and_lost', 'lost', 'throttled')
  expect(await typeHere(world, ...run)).toMatchObject({ code: 0 })
  expect(parcels).toMatchObject({ creates: 4, made: 1 })
  expect(await answersIn(world)).toHaveLength(5)
})

it('a create is not repeated once the provider may have forgotten its key', async () => {
  const { parcels, run, world } = await openRun(5, 'parcel-forgetful/large')
  parcels.faults.push('made_and_lost')
  expect(await typeHere(world, ...run)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('may have forgotten the key'),
  })
  expect(parcels).toMatchObject({ creates: 1, made: 1 })
})

it('a plan says how safe a create is where its answer could get lost for good, and nothing elsewhere', async () => {
  const { run, world } = await openRun(5)
  const plan = ['plan', ...run.slice(1).filter((word) => word !== '--yes')]
  const shown = await typeHere(world, ...plan)
  expect(shown.stdout).toMatch(/Crash safety +this provider does not keep a mark on a batch/)
  expect(JSON.parse((await typeHere(world, ...plan, '--json')).stdout)).toMatchObject({ recovery: 'counted' })
  const marked = plan.map((word) => (word === 'parcel/large' ? 'openai/gpt-6.1-terra' : word))
  expect((await typeHere(world, ...marked)).stdout).not.toContain('Crash safety')
})
