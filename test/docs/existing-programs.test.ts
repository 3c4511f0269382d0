import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openWorld } from '../support/local-world.ts'
import { blocksOf } from '../support/page-blocks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

it('docs/existing-programs.md holds programs that do what it says', async () => {
  const world = await openWorld()
  const modules = join(world.folder, 'node_modules')
  await mkdir(modules)
  await symlink(ROOT, join(modules, 'llm-batch'), 'dir')
  await symlink(join(ROOT, 'node_modules/openai'), join(modules, 'openai'), 'dir')
  const [program = '', test = ''] = (await blocksOf('docs/existing-programs.md', ['js'])).map(({ text }) => text)
  expect(program.trim().split('\n').length).toBeLessThan(30)
  const carryOut = async (name: string, text: string) =>
    await promisify(execFile)(process.execPath, [await world.write(name, text)], {
      cwd: world.folder,
      env: world.environment,
    })
  const first = await carryOut('program.mjs', program)
  expect(first.stdout).toMatch(/^3 \[simulated\]/)
  expect(first.stderr).toBe('llm-batch: reviews: 4 of 4 calls were new\n')
  expect(await carryOut('program.mjs', program)).toEqual({
    stdout: first.stdout,
    stderr: 'llm-batch: reviews: 0 of 4 calls were new\n',
  })
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilled: 4, rowsBilledAgain: 0 })
  expect((await carryOut('test.mjs', test)).stdout).toBe('true 1\n')
})
