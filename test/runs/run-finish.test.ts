import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

describe('the same line after the run was finished', () => {
  it('writes the answers that a dead process could not write, and buys nothing', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(3))
    const line = ['run', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl']
    expectExit(await typeHere(world, ...line), 0)
    const first = await readFile(join(world.folder, 'out.jsonl'), 'utf8')
    await rm(join(world.folder, 'out.jsonl'))
    expectExit(await type(world, ...line), 0)
    expect(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).toBe(first)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3 })
  })
})
