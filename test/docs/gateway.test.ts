import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openGateway } from '../support/gateway.ts'
import { openWorld } from '../support/local-world.ts'
import { blocksOf } from '../support/page-blocks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

it('docs/gateway.md holds a program that does what it says', async () => {
  const world = await openWorld()
  const { url } = await openGateway(world)
  await mkdir(join(world.folder, 'node_modules'))
  await symlink(join(ROOT, 'node_modules/openai'), join(world.folder, 'node_modules/openai'), 'dir')
  const [program] = await blocksOf('docs/gateway.md', ['js'])
  expect(program?.text.trim().split('\n').length).toBeLessThanOrEqual(30)
  const path = await world.write('program.mjs', program?.text ?? '')
  const environment = { ...world.environment, OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: 'gateway' }
  const carryOut = async () =>
    await promisify(execFile)(process.execPath, [path], { cwd: world.folder, env: environment })
  const first = await carryOut()
  expect(first.stdout).toMatch(/^3 completed \[simulated\]/)
  expect(await carryOut()).toEqual(first)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 4, rowsBilledAgain: 0 })
})
