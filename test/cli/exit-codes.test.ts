import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { exitCodeOfError } from '../../src/cli/exit-code.ts'
import { ERROR_CODES, EXIT, LlmBatchError } from '../../src/model/error.ts'
import { answerHere, CTRL_C, type Ended, expectExit, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const PAGE = await readFile(new URL('../../docs/exit-codes.md', import.meta.url), 'utf8')
const RUN = ['--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}']

/** The cells of the rows of the table below a heading. */
function tableBelow(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(heading)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('| '))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  )
}

const exitRows = tableBelow('Exit codes')

/** The words of the command in the last cell of an exit code's row. */
function exampleOf(code: number): readonly string[] {
  const cell = exitRows.find(([exit]) => exit === String(code))?.at(-1) ?? ''
  const typed = /^`llm-batch ([^`]*)`/.exec(cell)?.[1] ?? ''
  return (typed.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
}

/** What must be there before an example is typed. */
type Example = readonly [code: number, carryOut: (world: LocalWorld, words: readonly string[]) => Promise<Ended>]

const EXAMPLES: readonly Example[] = [
  [EXIT.ok, (world, words) => type(world, ...words)],
  [EXIT.usage, (world, words) => typeHere(world, ...words)],
  [
    EXIT.held,
    async (world, words) => {
      world.server.setFaults(['create=status(401)'])
      expectExit(await typeHere(world, 'run', 'rows.jsonl', ...RUN), EXIT.held)
      return await typeHere(world, ...words)
    },
  ],
  [EXIT.failures, (world, words) => typeHere(world, ...words)],
  [EXIT.unfinished, (world, words) => typeHere(world, ...words)],
  [
    EXIT.interrupted,
    async (world, words) => {
      for (const text of ['{{text}}', 'Also {{text}}']) {
        await typeHere(world, 'run', 'rows.jsonl', ...RUN.slice(0, 3), text, '--no-wait')
      }
      return await answerHere(world, [['Which run?', CTRL_C]], ...words)
    },
  ],
]

describe('the page of exit codes', () => {
  it('has every exit code once', () => {
    expect(exitRows.map(([code]) => Number(code))).toEqual(Object.values(EXIT))
  })

  it('has every code of an error once, with the exit code that it ends with', () => {
    const rows = tableBelow('Errors').map(([code = '', exit]) => [code.replaceAll('`', ''), Number(exit)])
    expect(rows).toEqual(ERROR_CODES.map((code) => [code, exitCodeOfError(new LlmBatchError(code, 'no'))]))
  })

  it.each(EXAMPLES)('has an example for %i that ends with it', async (code, carryOut) => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await world.write('failing.jsonl', '{"text":"[[simulate: status=400]] nonce:a"}\n')
    const words = exampleOf(code)
    expect(words.length).toBeGreaterThan(0)
    expectExit(await carryOut(world, words), code)
  })
})
