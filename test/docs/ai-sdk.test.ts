import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { openWorld } from '../support/local-world.ts'
import { blocksOf } from '../support/page-blocks.ts'
import { PATIENCE } from '../support/patience.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

it('docs/ai-sdk.md holds programs that do what it says, each in a process of its own', async () => {
  const world = await openWorld()
  const modules = join(world.folder, 'node_modules')
  await mkdir(modules)
  for (const [name, path] of [
    ['llm-batch', ''],
    ['ai', 'node_modules/ai'],
    ['@ai-sdk', 'node_modules/@ai-sdk'],
  ] as const)
    await symlink(join(ROOT, path), join(modules, name), 'dir')
  const [start = '', collect = ''] = (await blocksOf('docs/ai-sdk.md', ['js'])).map(({ text }) => text)
  expect(start.trim().split('\n').length).toBeLessThan(30)
  const carryOut = async (name: string, text: string) => {
    const program = await world.write(name, text)
    return (await promisify(execFile)(process.execPath, [program], { cwd: world.folder, env: world.environment }))
      .stdout
  }
  expect(await carryOut('start.mjs', start)).toMatch(/^(?:pending|completed) 2\n$/)
  await vi.waitFor(async () => {
    expect(await carryOut('collect.mjs', collect)).toMatch(
      /^q0 succeeded \[simulated\] .*\nq1 succeeded \[simulated\] .*\n$/,
    )
  }, PATIENCE)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 2 })
})
