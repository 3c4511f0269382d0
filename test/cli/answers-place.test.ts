import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

const WISHES = ['--model', 'openai/gpt-6-luna', '--prompt', '{{text}}']

/** Longer than a file's name may be, once the ending of a file that is being written is added. */
const LONG_NAME = 'x'.repeat(230)

describe('a place where the answers could not be written', () => {
  it.each([
    ['named with -o', 'rows.jsonl', ['-o', `${LONG_NAME}.answers.jsonl`], type],
    [
      'named with --failed',
      'rows.jsonl',
      ['-o', 'out.jsonl', '--failed', `${LONG_NAME}.answers.failed.jsonl`],
      typeHere,
    ],
    ['of the usual name', `${LONG_NAME}.jsonl`, ['--json'], typeHere],
  ])('is refused before anything is sent, %s', async (_how, input, flags, typed) => {
    const world = await openWorld()
    await world.write(input, questions(1))
    const refused = await typed(world, 'run', input, ...WISHES, ...flags)
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(
      /llm-batch cannot write to the folder of .*answers.*\n.*name another file with (-o|--failed)/,
    )
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expectExit(await typeHere(world, 'status'), 2)
  })

  it('that appears after the answers were paid is told with the way out, and status names no file', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await mkdir(join(world.folder, 'out'))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...WISHES, '-o', 'out/a.jsonl', '--no-wait'), 75)
    const unfinished = await typeHere(world, 'status', 'last')
    expect(unfinished.stdout).toMatch(/Answers +to be written to .*out.a\.jsonl/)
    await rm(join(world.folder, 'out'), { recursive: true })

    const lost = await type(world, 'resume', 'last')
    expectExit(lost, 3)
    expect(lost.stderr).toMatch(/could not be written to .*a\.jsonl.*ENOENT.*; the answers are kept/)
    expect(lost.stderr).toMatch(/llm-batch results \S+ -o OUT/)
    expect(lost.stderr).not.toMatch(/bug:|\n {4}at /)

    const status = await type(world, 'status', 'last')
    expect(status.stdout).not.toContain('a.jsonl')
    expect(status.stdout).toMatch(/Answers +the file does not exist; write it with: llm-batch results \S+ -o OUT/)
    const { stdout } = await typeHere(world, 'status', 'last', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ answersFile: null })

    expectExit(await typeHere(world, 'results', 'last', '-o', 'kept.jsonl', '--quiet'), 0)
    expect(parseLines(await readFile(join(world.folder, 'kept.jsonl'), 'utf8'))).toHaveLength(2)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2, rowsBilledAgain: 0 })
  })
})
