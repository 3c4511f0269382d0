import { describe, expect, it } from 'vitest'
import { expectExit, type, typeHere } from './support/command.ts'
import { openWorld, questions } from './support/local-world.ts'

const MODEL = ['--model', 'openai/gpt-6-luna']
const INPUT = ['rows.csv', ...MODEL]
const TABLE = 'id,text\n1,one\n2,two\n3,three\n'

async function openTable() {
  const world = await openWorld()
  await world.write('rows.csv', TABLE)
  return world
}

describe('a prompt that forgets its columns', () => {
  it('is pointed out once by plan, prompt and try, which go on, and by run, which does not', async () => {
    const world = await openTable()
    const prompt = ['--prompt', 'Sort: {text}']
    const meant = /the prompt has no placeholder.*\{text\} is sent as it stands: did you mean \{\{text\}\}\?/g
    const planned = await type(world, 'plan', ...INPUT, ...prompt)
    expectExit(planned, 0)
    expect(planned.stdout.match(meant)).toHaveLength(1)
    for (const verb of ['prompt', 'try']) {
      const { stderr } = await typeHere(world, verb, ...INPUT, ...prompt)
      expect(stderr.match(meant)).toHaveLength(1)
    }
    const { directCalls } = await world.server.ledger()
    const refused = await typeHere(world, 'run', ...INPUT, ...prompt, '--yes', '--quiet')
    expectExit(refused, 2)
    expect(refused.stderr.match(meant)).toHaveLength(1)
    expect(refused.stderr).toMatch(/nothing was sent\nnext: .*--constant-prompt/)
    expect(await world.server.ledger()).toMatchObject({ directCalls, batchesCreated: 0 })
  })

  it('is sent without a word where it is meant', async () => {
    const world = await openTable()
    const words = ['run', ...INPUT, '--prompt', 'Tell a joke.', '--constant-prompt', '-o', 'out.jsonl', '--quiet']
    expect(await typeHere(world, ...words)).toMatchObject({ code: 0, stderr: '' })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3 })
  })

  it('is no mistake where only some braces are single, and these are pointed out', async () => {
    const world = await openTable()
    const { code, stdout } = await typeHere(world, 'plan', ...INPUT, '--prompt', '{{id}}: {Text} {"a": 1} {other}')
    expect(code).toBe(0)
    expect(stdout).toMatch(/! \{Text\} in the prompt is sent as it stands; did you mean \{\{text\}\}\?\n/)
    expect(stdout).not.toContain('{other} in')
  })
})

describe('a column that the input does not have', () => {
  it.each([
    [
      ['--prompt', '{{txt}}'],
      /the prompt asks for \{\{txt\}\}.*there are: id, text\nnext: Did you mean \{\{text\}\}\?/,
    ],
    [['--prompt', '{{ txt | upcase }}'], /next: Did you mean \{\{text\}\}\?/],
    [['--prompt', '{{text}}', '--system', '{{tetx}}'], /the system message asks for \{\{tetx\}\}/],
    [['--prompt', '{{text}}', '--id-column', 'key'], /--id-column names "key".*\nnext: Name a column of the input/],
    [['--messages-column', 'messages'], /--messages-column names "messages"/],
  ])('is one error of plan, prompt, try and run with %j', async (words, message) => {
    const world = await openTable()
    for (const verb of ['plan', 'prompt', 'try', 'run']) {
      const refused = await typeHere(world, verb, ...INPUT, ...words)
      expectExit(refused, 2)
      expect(refused.stderr).toMatch(message)
      expect(refused.stderr).not.toMatch(/line \d/)
    }
    expect(await world.server.ledger()).toMatchObject({ directCalls: 0, batchesCreated: 0 })
  })

  it('is a warning beside --skip-invalid, since later rows may have it', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', `${'{"other":"x"}\n'.repeat(60)}{"text":"here"}\n`)
    const words = ['plan', 'rows.jsonl', ...MODEL, '--prompt', '{{text}}', '--skip-invalid']
    const { code, stdout } = await typeHere(world, ...words)
    expect(code).toBe(0)
    expect(stdout).toMatch(/! the prompt asks for \{\{text\}\}, and the rows have no column "text"/)
  })
})

describe('what plan warns of', () => {
  it('run warns of, too', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', `${questions(3)}${questions(3)}`)
    const words = ['rows.jsonl', ...MODEL, '--prompt', '{{text}}']
    const warning = /3 rows ask exactly what an earlier row asks; --dedupe would pay for it once/
    expect((await typeHere(world, 'plan', ...words)).stdout).toMatch(warning)
    expect((await typeHere(world, 'run', ...words, '-o', 'out.jsonl')).stderr).toMatch(warning)
  })
})
