import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { answerHere, CTRL_C, CTRL_D, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const LINE = ['run', 'rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
/** Above zero dollars every run is asked about. */
const ASKING = { config: { tokenCount: false, budget: { askAboveUsd: 0 } } }

/** Two runs that were left unfinished; the newer one is first in the list. */
async function worldOfTwo(): Promise<LocalWorld> {
  const world = await openWorld()
  await world.write('rows.jsonl', questions(2))
  await typeHere(world, ...LINE, '--no-wait')
  await typeHere(world, ...LINE.with(5, 'Also {{text}}').with(7, 'more.jsonl'), '--no-wait')
  return world
}

describe('a person who leaves the question about the cost', () => {
  it.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('by %s is told in one line that nothing was sent, and nothing stays', async (_name, keys) => {
    const world = await openWorld(ASKING)
    await world.write('rows.jsonl', questions(2))
    const { code, stderr } = await answerHere(world, [['Send it? [y/N] ', keys]], ...LINE)
    expect(code).toBe(130)
    expect(stderr).toMatch(/Send it\? \[y\/N\] .*\nNothing was sent\.\n$/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toEqual([])
  })

  it('and one who says yes gets the answers', async () => {
    const world = await openWorld(ASKING)
    await world.write('rows.jsonl', questions(2))
    expect(await answerHere(world, [['Send it? [y/N] ', 'y\r']], ...LINE)).toMatchObject({ code: 0 })
    expect(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).toContain('succeeded')
  })
})

describe('the question which run is meant', () => {
  it.each([
    ['q', 'q\r'],
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('is left by %s', async (_name, keys) => {
    const world = await worldOfTwo()
    const { code, stderr } = await answerHere(world, [['Which run?', keys]], 'resume')
    expect(code).toBe(130)
    expect(stderr).toMatch(/Which run\? 1 to 2, or q to leave: [^/]*\nNothing was sent\.\n$/)
  })

  it('says what it did not understand, and asks again', async () => {
    const world = await worldOfTwo()
    const answers = [
      ['to leave: ', '\r'],
      ['An empty line is not a number of this list.', '7\r'],
      ['7 is not a number of this list.', '2\r'],
    ] as const
    const { code } = await answerHere(world, answers, 'resume')
    expect(code).toBe(0)
    expect(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).toContain('succeeded')
  })
})

describe('llm-batch resume', () => {
  it('takes --yes like the other commands', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await typeHere(world, ...LINE, '--no-wait')
    expect(await type(world, 'resume', '--yes')).toMatchObject({ code: 0 })
  })
})
