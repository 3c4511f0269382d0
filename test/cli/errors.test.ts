import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { typedFirst } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'

describe('a mistake with files and words is told as an error with a next step, never as a bug', () => {
  const MISTAKES = [
    [['runs', '--home', 'a-file'], /a-file cannot be made: .*a-file is a file\nnext: .*--home or LLM_BATCH_HOME/],
    [['runs', '--home', join('a-file', 'home')], /a part of .* is a file\nnext: .*--home/],
    [['init'], /\.llm-batch cannot be made: .*\.llm-batch is a file\nnext: Move that file away/],
    [['help', 'nosuch'], /there is no command "nosuch" to explain\nnext: llm-batch --help/],
    [['nosuch'], /unknown command 'nosuch'\nnext: llm-batch --help/],
  ] as const

  it.each(MISTAKES)('%j', async (words, expected) => {
    const world = await openWorld()
    await world.write('a-file', 'something else')
    await world.write('.llm-batch', 'something else')
    const { code, stderr, stdout } = await typedFirst(
      MISTAKES.map(([row]) => row),
      words,
    )(world, ...words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(expected)
    expect(stderr).not.toMatch(/bug:|\n +at /)
  })
})
