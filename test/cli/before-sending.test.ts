import { describe, expect, it } from 'vitest'
import { expectExit, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

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
    const meant = /the prompt has no placeholder.*\{text\} is sent as it is: did you mean \{\{text\}\}\?/g
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
    expect(stdout).toMatch(/! \{Text\} in the prompt is sent as it is; did you mean \{\{text\}\}\?\n/)
    expect(stdout).not.toContain('{other} in')
  })
})

describe('a column that the input does not have', () => {
  it.each([
    [
      ['--prompt', '{{txt}}'],
      /the prompt asks for \{\{txt\}\}.*the columns are: id, text\nnext: Did you mean \{\{text\}\}\?/,
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

describe('what the provider would refuse', () => {
  const CHAT = ['--prompt', '{{text}}']
  it.each([
    [
      ['openai/gpt-4o-mini', '--max-tokens', '9', '--param', 'max_completion_tokens=9'],
      /--max-tokens and --param max_completion_tokens= both set/,
    ],
    [
      ['openai/gpt-4o-mini', '--param', 'max_tokens=1', '--param', 'max_completion_tokens=9'],
      /both set the maximum tokens per answer/,
    ],
    [
      ['openai/gpt-4o-mini', '--temperature', '1', '--param', 'temperature=0'],
      /--temperature and --param temperature= both set/,
    ],
    [
      ['openai/gpt-4o-mini', '--temperature', '2.1'],
      /does not support the temperature 2\.1;.*\nnext: Choose one from 0 to 2\./,
    ],
    [['mistral/mistral-small-latest', '--param', 'temperature=1.6'], /next: Choose one from 0 to 1\.5\./],
    [['openai/text-embedding-3-small'], /gives vectors.*\nnext: Add --endpoint embeddings/],
    [['mistral/mistral-moderation-latest'], /gives verdicts.*\nnext: Add --endpoint moderations/],
  ])('is refused by plan, try and run before: --model %j', async ([model = '', ...words], message) => {
    const world = await openTable()
    for (const verb of ['plan', 'try', 'run']) {
      const refused = await typeHere(world, verb, 'rows.csv', '--model', model, ...CHAT, ...words)
      expectExit(refused, 2)
      expect(refused.stderr).toMatch(message)
    }
    expect(await world.server.ledger()).toMatchObject({ directCalls: 0, batchesCreated: 0 })
  })

  it('is asked about where a model is named nearly like a known one', async () => {
    const world = await openTable()
    const words = ['rows.csv', '--model', 'openai/gpt-6-lunna', ...CHAT]
    expect((await typeHere(world, 'plan', ...words)).stdout).toContain('did you mean openai/gpt-6-luna?')
    const refused = await type(world, 'run', ...words)
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(
      /the model gpt-6-lunna is not known; nothing was sent\nnext: Did you mean openai\/gpt-6-luna\?/,
    )
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expectExit(await typeHere(world, 'run', ...words, '--yes', '-o', 'out.jsonl', '--quiet'), 0)
  })

  it('is told with its line where a prompt is longer than the window of its model', async () => {
    const world = await openWorld({ config: { tokenCount: true } })
    await world.write('rows.jsonl', `{"text":"short"}\n${JSON.stringify({ text: 'word '.repeat(9_000) })}\n`)
    const words = [
      'rows.jsonl',
      '--model',
      'openai/text-embedding-3-small',
      '--endpoint',
      'embeddings',
      '--text-column',
      'text',
    ]
    const refused = await typeHere(world, 'run', ...words)
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(
      /line 2 {2}prompt_too_long: the prompt has about 9,00\d tokens, and text-embedding-3-small takes 8,192/,
    )
    expectExit(await typeHere(world, 'run', ...words, '--skip-invalid', '--quiet', '-o', 'out.jsonl'), 4)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 1 })
  })
})
