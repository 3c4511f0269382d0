import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

/** A finished run of twelve rows, with its answers and the folder of its result files. */
async function finishedRun() {
  const world = await openWorld({ config: { canary: { aboveRequests: 5, requests: 2 } } })
  const words = ['run', await world.write('rows.jsonl', questions(12)), '--model', 'openai/gpt-6-luna', '--yes']
  const { code } = await typeHere(world, ...words, '--prompt', '{{text}}', '-o', join(world.folder, 'out.jsonl'))
  expect(code).toBe(0)
  const [run = ''] = await readdir(join(world.home, 'runs'))
  return { world, run, results: join(world.home, 'runs', run, 'results') }
}

/** Changes one byte in the middle of a file. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
  await writeFile(path, bytes)
}

async function columnsIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.columns'))
  return await Promise.all(names.sort().map((name) => readFile(join(folder, name), 'latin1')))
}

const doctor = (world: LocalWorld) => typeHere(world, 'doctor', '--repair', '--offline', '--json')

it('makes files again that tell what became of a batch, byte for byte, where they are damaged or absent', async () => {
  const { results, run, world } = await finishedRun()
  const before = await columnsIn(results)
  expect(before).toHaveLength(2)
  await damage(join(results, '1.columns'))
  await rm(join(results, '2.columns'))
  const { code, stdout } = await doctor(world)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    findings: expect.arrayContaining([
      { what: `run ${run}`, text: '2 batches, the outcomes of 2 made again', problem: null },
    ]),
  })
  expect(await columnsIn(results)).toEqual(before)
})

it('reads the answers of a run all the same where such a file is damaged', async () => {
  const { results, run, world } = await finishedRun()
  await damage(join(results, '1.columns'))
  const { code } = await typeHere(world, 'results', run, '-o', join(world.folder, 'again.jsonl'))
  expect(code).toBe(0)
  const read = (name: string) => readFile(join(world.folder, name), 'utf8')
  expect(await read('again.jsonl')).toBe(await read('out.jsonl'))
})

it('carries the answers of a run over all the same where such a file is damaged', async () => {
  const { results, world } = await finishedRun()
  await damage(join(results, '1.columns'))
  const more = [
    'run',
    await world.write('more.jsonl', questions(13)),
    '--model',
    'openai/gpt-6-luna',
    '--since',
    'last',
  ]
  const out = join(world.folder, 'more.out.jsonl')
  const { code, stderr } = await typeHere(world, ...more, '--prompt', '{{text}}', '--yes', '-o', out)
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/12 rows/) })
})

it('says what is lost where the raw result file is damaged as well', async () => {
  const { results, run, world } = await finishedRun()
  for (const name of await readdir(results)) await damage(join(results, name))
  const { code, stdout } = await doctor(world)
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({
    findings: expect.arrayContaining([
      expect.objectContaining({
        what: `run ${run}`,
        problem: expect.stringMatching(/what became of its 10 requests is lost here/),
      }),
    ]),
  })
  const shown = await typeHere(world, 'results', run, '-o', join(world.folder, 'again.jsonl'))
  expect(shown).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Restore the folder of the run from a backup'),
  })
})
