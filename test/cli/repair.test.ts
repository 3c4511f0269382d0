import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type, typeHere } from '../support/command.ts'
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

/** What `doctor` says of a run that is not well. */
async function problemsOf(world: LocalWorld, run: string): Promise<readonly string[]> {
  const { code, stdout } = await doctor(world)
  const { findings } = JSON.parse(stdout) as { findings: { what: string; problem: string | null }[] }
  const found = findings.find(({ what }) => what === `run ${run}`)
  expect({ code, found }).toMatchObject({ code: 3, found: { problem: expect.any(String) } })
  return found?.problem?.split('; ').filter((part) => part.includes('damaged')) ?? []
}

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

it('makes files again that tell of carried answers, also of one with a fence that was overlooked', async () => {
  const world = await openWorld()
  const asked = ['--model', 'openai/gpt-6-luna', '--yes', '--field', 'n: integer']
  const prompt = ['--prompt', '[[simulate: fenced_json]] {{text}}']
  const first = ['run', await world.write('one.jsonl', questions(1)), ...asked, ...prompt]
  const second = ['run', await world.write('two.jsonl', questions(2)), ...asked, ...prompt, '--since', 'last']
  expect(await typeHere(world, ...first, '-o', join(world.folder, 'first.jsonl'))).toMatchObject({ code: 0 })
  expect(await typeHere(world, ...second, '-o', join(world.folder, 'second.jsonl'))).toMatchObject({ code: 0 })
  const folders = (await readdir(join(world.home, 'runs'))).map((run) => join(world.home, 'runs', run, 'results'))
  const before = await Promise.all(folders.map(columnsIn))
  expect(before.map((columns) => columns.length)).toEqual(expect.arrayContaining([1, 2]))
  for (const folder of folders) {
    for (const name of await readdir(folder)) if (name.endsWith('.columns')) await rm(join(folder, name))
  }
  expect(await doctor(world)).toMatchObject({ code: 0 })
  expect(await Promise.all(folders.map(columnsIn))).toEqual(before)
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

it('gives all answers but the one whose line in a raw result file is damaged, and says which that is', async () => {
  const { results, run, world } = await finishedRun()
  await damage(join(results, '1-output.jsonl'))
  const again = join(world.folder, 'again.jsonl')
  const { code, stderr } = await typeHere(world, 'results', run, '-o', again)
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('1 answer lost here') })
  const [before, after] = await Promise.all(
    [join(world.folder, 'out.jsonl'), again].map(async (path) => (await readFile(path, 'utf8')).trimEnd().split('\n')),
  )
  const changed = after?.filter((line, row) => line !== before?.[row]) ?? []
  expect(changed.map((line) => JSON.parse(line))).toMatchObject([
    {
      llm_status: 'missing',
      llm_output: null,
      llm_error: 'damaged_line: its line in results/1-output.jsonl of the run is damaged, so the answer is lost here',
    },
  ])
  const [finding] = await problemsOf(world, run)
  expect(finding).toMatch(/1-output\.jsonl is damaged or absent: .* in batch 1, and 1 of its 10 lines are lost here/)
})

it('writes no answers beside rows that are not as they were read', async () => {
  const { results, run, world } = await finishedRun()
  await damage(join(results, '..', 'rows.jsonl'))
  const again = join(world.folder, 'again.jsonl')
  const { code, stderr } = await typeHere(world, 'results', run, '-o', again)
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(/rows\.jsonl is damaged or absent/) })
  await expect(readFile(again)).rejects.toThrow('ENOENT')
  expect(await problemsOf(world, run)).toEqual([expect.stringMatching(/rows\.jsonl is damaged or absent: it holds/)])
})

it('looks at the facts of rows and at the requests as they were sent as well', async () => {
  const { results, run, world } = await finishedRun()
  await writeFile(join(results, '..', 'row-facts.jsonl'), '[0,2]\n')
  const [input = ''] = (await readdir(join(results, '..', 'inputs'))).filter((name) => name.endsWith('.jsonl'))
  await rm(join(results, '..', 'inputs', input))
  expect(await problemsOf(world, run)).toEqual([
    expect.stringMatching(/row-facts\.jsonl is damaged or absent: it holds the ids of rows/),
    expect.stringMatching(/inputs.*is damaged or absent: it holds the requests of batch/),
  ])
})

it('fetches a damaged result file again where the provider has the same bytes, and makes again what is made of it', async () => {
  const { results, run, world } = await finishedRun()
  const names = (await readdir(results)).filter((name) => name.startsWith('1')).sort()
  const before = await Promise.all(names.map((name) => readFile(join(results, name), 'latin1')))
  for (const name of names) await damage(join(results, name))
  const { code, stdout } = await type(world, 'doctor', '--repair', '--json')
  expect({ code, stdout }).toMatchObject({ code: 0 })
  expect(JSON.parse(stdout)).toMatchObject({
    findings: expect.arrayContaining([
      {
        what: `run ${run}`,
        text: '2 batches, 1 result file fetched again, the outcomes of 1 made again',
        problem: null,
      },
    ]),
  })
  expect(await Promise.all(names.map((name) => readFile(join(results, name), 'latin1')))).toEqual(before)
})

it('leaves a damaged result file as it is where the provider gives other bytes, and says so', async () => {
  const { results, run, world } = await finishedRun()
  await damage(join(results, '1-output.jsonl'))
  const damagedBytes = await readFile(join(results, '1-output.jsonl'), 'latin1')
  world.server.setFaults(['content=crlf'])
  const again = await typeHere(world, 'doctor', '--repair', '--json')
  expect(again.stdout).toMatch(/1 of its 10 lines are lost here \(the provider gives other bytes than those that were/)
  expect(again.code).toBe(3)
  expect(await readFile(join(results, '1-output.jsonl'), 'latin1')).toBe(damagedBytes)
  world.server.setFaults(['get=status(404)'])
  const gone = await typeHere(world, 'doctor', '--repair', '--json')
  expect(gone.stdout).toMatch(/are lost here \(the provider does not have it any more\)/)
  expect((await problemsOf(world, run))[0]).toMatch(/are lost here/)
})
