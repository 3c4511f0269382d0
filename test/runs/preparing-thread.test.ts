import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { systemDisk } from '../../src/lib/disk.ts'
import { CORES } from '../../src/lib/machine.ts'
import { threadProgram } from '../../src/prepare/thread/thread-program.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { sampleDefinition } from '../support/run-records.ts'
import { swiftDisk } from '../support/swift-disk.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/prepare/thread/preparing-thread.js', import.meta.url))

/** However small an input is. */
const ALWAYS = { prepareThread: { aboveBytes: 0 } }

/** Rows with an id that occurs twice, one that cannot be read, two that ask the same, and quotes and line breaks in CSV. */
async function writeInputs(world: LocalWorld): Promise<readonly string[]> {
  await world.write('one.jsonl', `${questions(300)}{"id":\n${questions(1)}`)
  await world.write('two.csv', 'id,text\nz1,"Say ""yes"".\nnonce:z"\nz2,"Say ""yes"".\nnonce:z"\nz3,a,b\n')
  const options = ['--model', 'openai/gpt-6-luna', '--prompt', 'Answer: {{text}}', '--id-column', 'id']
  return ['one.jsonl', 'two.csv', ...options, '--skip-invalid', '--dedupe', '--no-wait', '--quiet']
}

/** The frozen files of a run, without the ids under which its requests are sent. */
async function frozenFiles(world: LocalWorld, run: string): Promise<Readonly<Record<string, string>>> {
  const folder = join(world.home, 'runs', run)
  const read = (...names: readonly string[]): Promise<string> => readFile(join(folder, ...names), 'utf8')
  const inputs = await Promise.all((await readdir(join(folder, 'inputs'))).map((name) => read('inputs', name)))
  const requests = inputs.map((text) => text.replaceAll(/^\{"custom_id":"[^"]*"/gm, '')).sort()
  return { rows: await read('rows.jsonl'), facts: await read('row-facts.jsonl'), requests: requests.join('\n') }
}

it('freezes the same run in a thread as without one, so that the same work is known again', async () => {
  const world = await openWorld({ config: { prepareThread: false } })
  const words = await writeInputs(world)
  const plan = ['plan', ...words.slice(0, -2)]
  const planned = await typeHere(world, ...plan)
  expectExit(await typeHere(world, 'run', ...words, '-o', 'out.jsonl'), 75)
  const configuration = JSON.parse(await readFile(world.configPath, 'utf8')) as object
  await writeFile(world.configPath, JSON.stringify({ ...configuration, ...ALWAYS }))
  expect(await typeHere(world, ...plan)).toEqual(planned)
  // The run that is there goes on, and its server has finished.
  expectExit(await typeHere(world, 'run', ...words, '-o', 'out.jsonl'), 4)
  expect(await readdir(join(world.home, 'runs'))).toHaveLength(1)
  expectExit(await typeHere(world, 'run', ...words, '-o', 'again.jsonl', '--again'), 75)
  const runs = await readdir(join(world.home, 'runs'))
  expect(runs).toHaveLength(2)
  const [one, other] = await Promise.all(runs.map((run) => frozenFiles(world, run)))
  expect(one).toEqual(other)
  expect(one?.['rows']?.split('\n')).toHaveLength(306)
})

it('takes a thread for large files, and for nothing that only the main thread knows', async () => {
  const world = await openWorld()
  const path = await world.write('rows.jsonl', questions(10))
  const settings = { prepareThread: { isOn: true, aboveBytes: 300 } }
  const usual = { definition: sampleDefinition(), input: { source: { path }, disk: systemDisk }, settings }
  const found = CORES > 1 ? PROGRAM : null
  expect(await threadProgram(usual)).toEqual(found)
  expect(await threadProgram({ ...usual, input: { source: { paths: [path, path] }, disk: swiftDisk } })).toEqual(found)
  const { isOfSystem: _, ...otherDisk } = systemDisk
  const exceptions: readonly Partial<Parameters<typeof threadProgram>[0]>[] = [
    { settings: { prepareThread: { isOn: false, aboveBytes: 300 } } },
    { settings: { prepareThread: { isOn: true, aboveBytes: 3_000 } } },
    { limit: 5 },
    { sample: 5 },
    { promptFunction: () => 'Hello.' },
    { input: { source: { rows: [] }, disk: systemDisk } },
    { input: { source: { path }, disk: otherDisk } },
    { definition: sampleDefinition({ provider: 'my-host' }) },
    { definition: sampleDefinition({ parameters: { seed: new Date(0) } }) },
  ]
  for (const exception of exceptions) expect(await threadProgram({ ...usual, ...exception })).toBeNull()
})
