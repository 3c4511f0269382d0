import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const MODEL = ['--model', 'openai/gpt-6-luna']

async function answersIn(world: LocalWorld, name: string): Promise<readonly Record<string, unknown>[]> {
  return parseLines(await readFile(join(world.folder, name), 'utf8'))
}

describe('an input of another kind', () => {
  it('may be plain text, one prompt a line, or the text of a template', async () => {
    const world = await openWorld()
    await world.write('prompts.txt', 'What is a batch?\n\nWhat is a "row"? nonce:b\r\n')
    expectExit(await type(world, 'run', 'prompts.txt', ...MODEL, '-o', 'out.jsonl', '--quiet'), 0)
    expect(await answersIn(world, 'out.jsonl')).toMatchObject([
      { text: 'What is a batch?', llm_id: '1', llm_status: 'succeeded' },
      { text: 'What is a "row"? nonce:b', llm_id: '3', llm_status: 'succeeded' },
    ])
    const shown = await typeHere(world, 'prompt', 'prompts.txt', ...MODEL, '--prompt', 'Say: {{text}}', '--rows', '1')
    expect(shown.stdout).toContain('Say: What is a batch?')
    const plain = await typeHere(world, 'prompt', 'prompts.txt', ...MODEL, '--rows', '1')
    expect(plain.stdout).toContain('What is a batch?')
  })

  it('may be a JSON list of objects, which keep their text', async () => {
    const world = await openWorld()
    await world.write(
      'rows.json',
      '[\n  {"text": "One.", "big": 12345678901234567890},\n  {\n    "text": "Two."\n  }\n]\n',
    )
    expectExit(await typeHere(world, 'run', 'rows.json', ...MODEL, '--prompt', '{{text}}', '-o', 'out.jsonl'), 0)
    expect(await readFile(join(world.folder, 'out.jsonl'), 'utf8')).toMatch(
      /^\{"text": "One\.", "big": 12345678901234567890,/,
    )
    expect(await answersIn(world, 'out.jsonl')).toMatchObject([
      { text: 'One.', llm_id: '2' },
      { text: 'Two.', llm_id: '3' },
    ])
  })
})

describe('a file of rows that failed', () => {
  it.each(['bad.jsonl', 'bad.csv'])('is an input as it stands, named %s, and has its outcome replaced', async (bad) => {
    const world = await openWorld()
    const rows = ['fine', 'Cut. [[simulate: length times=1]]', 'Wrong. [[simulate: status=400 times=1]]']
    await world.write('rows.jsonl', rows.map((text, id) => `${JSON.stringify({ id: `r${id}`, text })}\n`).join(''))
    const words = [...MODEL, '--prompt', '{{text}}', '--quiet']
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'out.jsonl', '--failed', bad), 4)
    expectExit(await typeHere(world, 'plan', bad, ...words.slice(0, -1)), 0)
    expectExit(await typeHere(world, 'run', bad, ...words, '-o', 'second.jsonl'), 0)
    const text = await readFile(join(world.folder, 'second.jsonl'), 'utf8')
    expect(text.match(/"llm_status"/g)).toHaveLength(2)
    expect(parseLines(text)).toMatchObject([
      { id: 'r1', text: rows[1], llm_status: 'succeeded', llm_error: null },
      { id: 'r2', text: rows[2], llm_status: 'succeeded', llm_error: null },
    ])
    const again = await typeHere(world, 'run', bad, ...words.slice(0, -1), '-o', 'second.jsonl')
    expectExit(again, 0)
    expect(again.stderr).toMatch(/^Finished already, as run \S+: the answers are in \S+second\.jsonl\./)
    // A file with answers in it is not taken for one of failed rows: they would be lost.
    const whole = await typeHere(world, 'run', 'out.jsonl', ...words, '-o', 'third.jsonl')
    expectExit(whole, 2)
    expect(whole.stderr).toMatch(/columns with the names of added columns: llm_output/)
  })
})

describe('the choices of a field', () => {
  it.each([
    ['@labels.txt', ['billing', 'sup|port']],
    ['@gold.csv:gold', ['sales', 'billing']],
  ])('may stand in a file, named %s, and are kept with the run', async (named, labels) => {
    const world = await openWorld()
    await world.write('labels.txt', 'billing\n\nsup|port\nbilling\n')
    await world.write('gold.csv', 'text,gold\na,sales\nb,billing\nc,\nd,sales\n')
    await world.write('rows.jsonl', '{"text":"What is it?"}\n')
    const words = ['rows.jsonl', ...MODEL, '--prompt', '{{text}}', '--field', `label: ${named}`]
    const { stdout } = await typeHere(world, 'plan', ...words, '--json')
    expect(JSON.parse(stdout).firstRequest.response_format.json_schema.schema.properties.label).toMatchObject({
      enum: labels,
    })
    expectExit(await typeHere(world, 'run', ...words, '-o', 'out.jsonl', '--quiet'), 0)
    const [answer] = await answersIn(world, 'out.jsonl')
    expect(labels.map((label) => ({ label }))).toContainEqual(answer?.['llm_output'])
    const job = await typeHere(world, 'runs', 'job', 'last')
    for (const label of labels) expect(job.stdout).toContain(label)
    expect(job.stdout).not.toContain(named)
  })

  it.each([
    ['@labels.txt', /it has one label; choices need at least two/],
    ['@gold.csv', /name one of its columns: text, gold/],
    ['@gold.csv:glod', /it has no column glod: text, gold; did you mean gold\?/],
    ['@absent.txt', /absent\.txt does not exist/],
  ])('are refused where the file does not have them: %s', async (named, message) => {
    const world = await openWorld()
    await world.write('labels.txt', 'one\none\n')
    await world.write('gold.csv', 'text,gold\na,sales\n')
    await world.write('rows.jsonl', '{"text":"What is it?"}\n')
    const words = ['run', 'rows.jsonl', ...MODEL, '--prompt', '{{text}}', '--field', `label: ${named}`]
    const refused = await typeHere(world, ...words, '-o', 'out.jsonl')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(message)
  })
})

describe('the files of a run', () => {
  it.runIf(process.platform !== 'win32')(
    'that the user asked for follow the umask, and all others are private',
    async () => {
      const world = await openWorld()
      await world.write('rows.jsonl', '{"text":"fine"}\n{"text":"[[simulate: status=400]]"}\n')
      const before = process.umask(0o027)
      try {
        const words = ['run', 'rows.jsonl', ...MODEL, '--prompt', '{{text}}', '-o', 'out.jsonl', '--failed', 'bad.csv']
        expectExit(await typeHere(world, ...words), 4)
      } finally {
        process.umask(before)
      }
      for (const name of ['out.jsonl', 'out.jsonl.run.json', 'bad.csv']) {
        expect([name, (await stat(join(world.folder, name))).mode & 0o777]).toEqual([name, 0o640])
      }
      expect((await stat(join(world.home, 'state.db'))).mode & 0o777).toBe(0o600)
    },
  )
})
