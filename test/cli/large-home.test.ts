import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { expectExit, type, typeHere } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'
import { homeAddress } from '../support/postgres.ts'

const MAKER = join(import.meta.dirname, '../../bench/make-large-home.mjs')

it('status adds up a run whose batches are in the catalog without reading a file of it', async () => {
  const world = await openWorld()
  const home = join(world.folder, 'large')
  await promisify(execFile)(process.execPath, [MAKER, '12', home], { env: { ...world.environment } })
  const ended = await type(world, 'status', '--json', '--home', home)
  expectExit(ended, 0)
  const [{ counts, batches }] = JSON.parse(ended.stdout).runs
  expect(counts).toMatchObject({ batched: 500_000, succeeded: 99_000, failed: 1_000, pending: 0 })
  expect(batches.map(({ stage }: { readonly stage: string }) => stage)).toEqual([
    ...Array.from({ length: 2 }, () => 'collected'),
    ...Array.from({ length: 10 }, () => 'submitted'),
  ])
})

it('status adds up runs in Postgres that share a queue, as the bench makes them', async () => {
  const world = await openWorld()
  const home = await homeAddress()
  await promisify(execFile)(process.execPath, [MAKER, '100', home, '2'], { env: { ...world.environment } })
  const ended = await typeHere(world, 'status', '--json', '--home', home)
  expectExit(ended, 0)
  const runs: readonly { readonly batches: readonly { readonly stage: string }[] }[] = JSON.parse(ended.stdout).runs
  const stagesOf = (stage: string) => runs.map(({ batches }) => batches.filter((batch) => batch.stage === stage).length)
  expect(['collected', 'submitted', 'uploaded', 'planned'].map(stagesOf)).toEqual([
    [25, 25],
    [20, 20],
    [2, 2],
    [3, 3],
  ])
})
