// A model that answers badly at given rates, as a user meets it: one run, every row told apart by what came back.
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, start, type } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

describe('a simulated model that answers badly at given rates', () => {
  it('has every spoiled answer in its books, and every row has its one true outcome', async () => {
    const answers = { invalid: 0.1, refused: 0.1, truncated: 0.1, empty: 0.1 }
    const world = await openWorld({ answers, config: { canary: false, stopLoss: { share: 1 } } })
    await world.write('rows.jsonl', questions(300))
    const words = ['--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '-o', 'out.jsonl', '--quiet']
    expectExit(await type(world, 'run', 'rows.jsonl', ...words), 4)
    const rows = parseLines(await readFile(`${world.folder}/out.jsonl`, 'utf8'))
    const { flaws, rowsBilled, rowsBilledAgain } = await world.server.ledger()
    expect({ rows: rows.length, rowsBilled, rowsBilledAgain }).toEqual({
      rows: 300,
      rowsBilled: 300,
      rowsBilledAgain: 0,
    })
    const count = (test: (row: Record<string, unknown>) => boolean): number => rows.filter(test).length
    expect(flaws).toEqual({
      refused: count((row) => row['llm_status'] === 'refused'),
      truncated: count((row) => row['llm_status'] === 'truncated'),
      empty: count((row) => String(row['llm_error']).startsWith('empty_answer')),
      invalid: count((row) => row['llm_output'] === '{"simulated": tru'),
    })
    for (const share of Object.values(flaws)) expect(share).toBeGreaterThan(10)
  })

  it('is started by the command too, which refuses words it does not know', async () => {
    const world = await openWorld()
    const wrong = await type(world, 'serve', '--simulate', '--answers', 'silly=1')
    expectExit(wrong, 2)
    expect(wrong.stderr).toMatch(/unknown flaw of answers "silly"[\s\S]*wrong_schema/)
    const served = start(world, ['serve', '--simulate', '--folder', `${world.folder}/other`, '--answers', 'refused=1'])
    await served.shows(/OPENAI_BASE_URL=\S+/)
    await served.shows('Stop with Ctrl-C')
    served.process.kill('SIGINT')
    expect((await served.ended).code).toBe(0)
  })
})
