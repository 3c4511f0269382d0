import { execFileSync } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { expectExit, type } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

/** Room for the state and a small run, not for the rows of a large one. */
const MEGABYTES = 4

/** Only root may mount a file system, and only where the machine lets it; elsewhere nothing here can be tried. */
function canMount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

it('a disk that is full while a run is planned is said to be so, and nothing of the run stays on it', async (context) => {
  const world = await openWorld()
  await mkdir(world.home)
  if (!canMount(world.home)) return context.skip()
  onTestFinished(() => void execFileSync('umount', [world.home]))
  await world.write('large.jsonl', questions(60_000))
  await world.write('small.jsonl', questions(3))
  const run = (rows: string) =>
    type(world, 'run', rows, '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', `answers-${rows}`)

  const full = await run('large.jsonl')
  expectExit(full, 3)
  expect(full.stderr).toMatch(/ENOSPC/)
  expect(full.stderr).toMatch(/next: Make room on that disk/)
  expect(await readdir(join(world.home, 'runs'))).toEqual([])
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })

  // There is room again, and what was left of the first run is in the way of no run.
  expectExit(await run('small.jsonl'), 0)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3 })
})
