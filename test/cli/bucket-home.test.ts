import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { EventPage, RowDetail, RowPage } from '../../src/ui/contract.ts'
import { type BucketFault, BucketServer } from '../support/bucket-server.ts'
import { expectExit, start, type } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { machinesWithFiles, newMachine, type TestMachine } from '../support/machines.ts'
import { PATIENCE } from '../support/patience.ts'
import { homeAddress } from '../support/postgres.ts'
import { startUi } from '../support/ui.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '--detach']

const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' }

let server: BucketServer

beforeAll(async () => {
  server = await BucketServer.start()
})

afterAll(async () => await server.stop())

beforeEach(() => {
  server.objects.clear()
  server.fault = () => null
})

async function machinesAtBucket(world: LocalWorld, ...names: readonly string[]): Promise<TestMachine[]> {
  return await machinesWithFiles(world, { files: server.address('batches'), variables: KEYS }, ...names)
}

/** The copies that processes of a machine have left behind. */
async function copiesOn({ folder }: TestMachine): Promise<readonly string[]> {
  const all = await readdir(folder, { recursive: true })
  return all.filter((path) => /scratch.[^.]/.test(path))
}

it('is worked on by machines that share nothing but the two addresses', async () => {
  const world = await openWorld()
  const [laptop, cloud, desk] = await machinesAtBucket(world, 'laptop', 'cloud', 'desk')
  await laptop!.write('rows.jsonl', questions(6))
  expectExit(await type(laptop!, ...LINE, '--name', 'shared', '--max-requests', '2'), 75)
  expectExit(await type(cloud!, 'worker', '--once'), 0)
  const doctor = await type(desk!, 'doctor', '--offline')
  expectExit(doctor, 0)
  expect(doctor.stdout).toMatch(/files +s3:\/\/work\/batches\n/)
  expectExit(await type(desk!, 'results', 'shared', '-o', 'answers.csv'), 0)
  expect((await readFile(join(desk!.folder, 'answers.csv'), 'utf8')).trimEnd().split('\n')).toHaveLength(7)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 6, rowsBilledAgain: 0 })

  const before = server.names
  const ui = await startUi(desk!)
  const page = await ui.get<RowPage>('/api/runs/shared/rows?at=3&limit=2')
  expect(page.rows.map(({ answer, id, input }) => [id, input.text, answer?.isCut])).toEqual([
    ['4', expect.stringContaining('Question 3'), false],
    ['5', expect.stringContaining('Question 4'), false],
  ])
  const row = await ui.get<RowDetail>('/api/runs/shared/rows/3')
  expect(row.request?.turns).toEqual([{ role: 'user', text: expect.stringContaining('Question 3') }])
  expect(await ui.get<EventPage>('/api/runs/shared/events')).toMatchObject({ next: null })
  ui.process.kill('SIGINT')
  expectExit(await ui.ended, 0)
  expect(server.names).toEqual(before)

  expect(server.names.length).toBeGreaterThan(9)
  for (const name of server.names)
    expect(name).toMatch(/^batches\/runs\/[\w-]+\/(?:inputs\/|results\/)?[\w-]+\.(?:jsonl|columns|yaml)$/)
  expect(server.names.filter((name) => /question|shared/i.test(name))).toEqual([])
  for (const machine of [laptop!, cloud!, desk!]) expect(await copiesOn(machine)).toEqual([])
  expectExit(await type(desk!, 'runs', 'rm', 'shared', '--yes'), 0)
  expect(server.names).toEqual([])
  // What a removal leaves that was cut short, such as by a crash.
  const left = { bytes: Buffer.from('rows'), version: '"1"', encryption: undefined }
  server.objects.set('batches/runs/abcd-2026-01-01/rows.jsonl', left)
  expectExit(await type(desk!, 'runs', 'clean', '--yes'), 0)
  expect(server.names).toEqual([])
})

it('loses and pays nothing while the bucket fails and a worker is killed', async () => {
  const { clock, release } = heldClock()
  const world = await openWorld({ clock })
  const [first, second] = await machinesAtBucket(world, 'first', 'second')
  await first!.write('rows.jsonl', questions(8))
  expectExit(await type(first!, ...LINE, '--name', 'shared', '--max-requests', '2'), 75)
  // Between two faults a call or two succeed: of a bucket that fails more often the client gives up repeating.
  const kinds: readonly BucketFault[] = ['status 503', 'cut body', 'lost answer', 'status 500']
  const faults = kinds.flatMap((kind, index) => [kind, null, ...(index === 0 ? [] : [null])])
  let calls = 0
  server.fault = () => faults[(calls += 1) % faults.length] ?? null
  const killed = start(first!, ['worker', '--quiet'])
  await vi.waitFor(async () => expect((await world.server.ledger()).batchesCreated).toBeGreaterThan(1), PATIENCE)
  killed.process.kill('SIGKILL')
  await killed.ended
  expect(await copiesOn(first!)).not.toEqual([])
  release()
  expectExit(await type(second!, 'worker', '--once'), 0)
  expectExit(await type(first!, 'results', 'shared', '-o', 'answers.jsonl'), 0)
  expect(await copiesOn(first!)).toEqual([])
  expect((await readFile(join(first!.folder, 'answers.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(8)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 4, rowsBilled: 8, rowsBilledAgain: 0 })
})

it('is refused with one sentence where the bucket or a package is not there', async () => {
  const world = await openWorld()
  const machine = await newMachine(world, 'machine', { ...KEYS, LLM_BATCH_HOME: await homeAddress() })
  const init = async (files: string, more: Readonly<Record<string, string>> = {}) =>
    await type({ ...machine, environment: { ...machine.environment, ...more } }, 'init', '--files', files)
  const nowhere = await init(server.address().replace('s3://work/', 's3://nowhere/'))
  expectExit(nowhere, 2)
  expect(nowhere.stderr).toMatch(/^error: the files of the home in s3:\/\/nowhere\/home are refused: .*\nnext: .*\n$/)
  const mistaken = await init('s3://work?endpont=x')
  expectExit(mistaken, 2)
  expect(mistaken.stderr).toContain('the parameter "endpont", which is not known')
  const hook = pathToFileURL(join(import.meta.dirname, '../support/without-peers.mjs')).href
  const without = await init(server.address(), { NODE_OPTIONS: `--import ${hook}` })
  expectExit(without, 2)
  expect(without.stderr).toBe(
    'error: this home needs @aws-sdk/client-s3 @aws-sdk/lib-storage, which is not installed\n' +
      'next: Install it beside llm-batch: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage\n',
  )
  const status = await type(
    { ...machine, environment: { ...machine.environment, NODE_OPTIONS: `--import ${hook}` } },
    'status',
  )
  expectExit(status, 2)
  expect(status.stderr).toContain('this home needs pg, which is not installed')
})
