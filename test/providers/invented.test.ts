import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { registerProvider } from '../../src/provider.ts'
import { PARCEL } from '../fixtures/parcel/adapter.ts'
import { ParcelServer } from '../fixtures/parcel/server.ts'
import { typeHere } from '../support/command.ts'
import { SHORT_LIMITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

registerProvider(PARCEL)

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

it('a create without an answer is held where batches carry no mark, and sent again only when the user says so', async () => {
  const { parcels, world } = await openParcels()
  parcels.lostAnswers = 1
  const rows = await world.write('rows.jsonl', questions(5))
  const place = ['--config', world.configPath]
  const words = ['run', rows, '--model', 'parcel/large', '--prompt', '{{text}}', '--yes', ...place]
  const run = await typeHere(world, ...words, '--output', join(world.folder, 'answers.jsonl'))
  expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('parcel keeps no mark on its batches') })
  const resumed = await typeHere(world, 'resume', 'last', ...place)
  expect(resumed).toMatchObject({ code: 3 })
  expect(parcels.made).toBe(1)
  const sent = await typeHere(world, 'resume', 'last', ...place, '--on-unknown-create', 'resend')
  expect(sent).toMatchObject({ code: 0 })
  expect(parcels.made).toBe(2)
  expect(await answersIn(world)).toHaveLength(5)
})
