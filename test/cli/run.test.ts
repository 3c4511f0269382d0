import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'

const OPENAI = ['--model', 'openai/gpt-6.1-terra']
const MISTRAL = ['--model', 'mistral/mistral-small-latest']
const PROMPT = ['--prompt', '{{text}}']

describe('llm-batch run', () => {
  it.each([
    ['openai', OPENAI],
    ['mistral', MISTRAL],
  ])('turns a file of prompts into a file of answers at %s', async (_name, model) => {
    const world = await openWorld({ config: { tokenCount: true } })
    await world.write('rows.jsonl', questions(50))
    const words = ['run', 'rows.jsonl', ...model, ...PROMPT, '--id-column', 'id', '--max-requests', '20']
    const { code, stderr, stdout } = await type(world, ...words, '-o', 'answers.jsonl')
    expectExit({ code, stderr }, 0)
    expect(stdout).toBe('')
    expect(stderr).toContain('50 of 50 rows succeeded')
    const answers = parseLines(await readFile(join(world.folder, 'answers.jsonl'), 'utf8'))
    expect(answers.map(({ id, llm_id, llm_status }) => [id, llm_id, llm_status])).toEqual(
      Array.from({ length: 50 }, (_, index) => [`q${index}`, `q${index}`, 'succeeded']),
    )
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 50, rowsBilledAgain: 0 })
    const summary = JSON.parse(await readFile(join(world.folder, 'answers.jsonl.run.json'), 'utf8'))
    expect(summary.counts).toMatchObject({ succeeded: 50, failed: 0 })
  })

  it('writes nothing but answers to a pipe, from standard input', async () => {
    const world = await openWorld()
    const words = ['run', '-', ...OPENAI, '--prompt', '{{text}}', '--input-format', 'csv', '--delimiter', ';']
    const command = start(world, words, { input: 'text;n\n"one\ntwo";1\nthree;2' })
    const { code, stderr, stdout } = await command.ended
    expectExit({ code, stderr }, 0)
    expect(parseLines(stdout).map(({ n, text, llm_status }) => [text, n, llm_status])).toEqual([
      ['one\ntwo', '1', 'succeeded'],
      ['three', '2', 'succeeded'],
    ])
  })

  it('tells where the answers are kept when the pipe is closed before them', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    const command = start(world, ['run', 'rows.jsonl', ...OPENAI, ...PROMPT])
    command.process.stdout?.destroy()
    const { code, stderr } = await command.ended
    expectExit({ code, stderr }, 3)
    expect(stderr).toMatch(/standard output was closed[\s\S]*llm-batch results \S+ -o OUT/)
    expect(await typeHere(world, 'results', 'last', '-o', 'kept.jsonl')).toMatchObject({ code: 0 })
  })

  it('writes CSV, with templates from files and our columns under another name', async () => {
    const world = await openWorld()
    await world.write('rows.csv', 'text\nhello\n')
    await world.write('prompt.txt', 'Translate {{text}}\n')
    await world.write('system.txt', 'Be short.\n')
    const files = ['--prompt-file', 'prompt.txt', '--system-file', 'system.txt']
    const words = ['run', 'rows.csv', ...OPENAI, ...files, '-o', 'out.csv', '--prefix', 'mt_']
    expect(await type(world, ...words)).toMatchObject({ code: 0, stdout: '' })
    const [header, line] = (await readFile(join(world.folder, 'out.csv'), 'utf8')).split(/\r?\n/)
    expect(header).toMatch(/^text,mt_output,mt_status,/)
    expect(line).toMatch(/^hello,\[simulated\] \w+,succeeded,/)
    const { stdout } = await typeHere(world, 'plan', 'rows.csv', ...OPENAI, ...files, '--json')
    expect(JSON.parse(stdout).firstRequest.messages).toEqual([
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Translate hello' },
    ])
  })

  it('gives one JSON report, every event, and the answers in a file of the usual name', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(3))
    const words = ['run', 'rows.jsonl', ...OPENAI, ...PROMPT, '--json', '--events', 'events.jsonl']
    const { code, stderr, stdout } = await type(world, ...words)
    expectExit({ code, stderr }, 0)
    const path = join(world.folder, 'rows.jsonl.answers.jsonl')
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      run: { state: 'completed', rows: 3 },
      counts: { succeeded: 3 },
      batches: [{ batch: 1, stage: 'collected' }],
      answers: { path, rows: 3 },
    })
    const events = parseLines(await readFile(join(world.folder, 'events.jsonl'), 'utf8'))
    expect(events.map(({ type: kind }) => kind)).toEqual(expect.arrayContaining(['prepared', 'batch', 'run']))
    for (const { at } of events) expect(new Date(String(at)).toISOString()).toBe(at)
  })

  it('says nothing with --quiet when all is well', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    const words = ['run', 'rows.jsonl', ...OPENAI, ...PROMPT, '-o', 'out.jsonl', '--quiet']
    expect(await type(world, ...words)).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it.each([
    [[], 4],
    [['--max-failed', '2'], 0],
  ])('tells rows that failed by its exit code, with %j by %i', async (flags, expected) => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"text":"[[simulate: status=400]]"}\n{"text":"fine"}\nbroken\n')
    const words = ['run', 'rows.jsonl', ...OPENAI, ...PROMPT, '-o', 'out.jsonl', '--skip-invalid', '--quiet', ...flags]
    const { code, stderr } = await type(world, ...words)
    expect(code).toBe(expected)
    expect(stderr).toMatch(expected === 0 ? /^$/ : /1 of 3 rows succeeded\. Next: llm-batch retry \S+/)
    const answers = parseLines(await readFile(join(world.folder, 'out.jsonl'), 'utf8'))
    expect(answers.map(({ llm_status }) => llm_status)).toEqual(['failed', 'succeeded', 'failed'])
  })

  it('runs the command of --on-finish, and only warns when that fails', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(1))
    const hook = 'echo "$LLM_BATCH_STATE $LLM_BATCH_OUTPUT" > hook.txt; echo noise; exit 7'
    const words = ['run', 'rows.jsonl', ...OPENAI, ...PROMPT, '-o', 'out.jsonl', '--on-finish', hook]
    const { code, stderr, stdout } = await type(world, ...words)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('ended with 7')
    const told = await readFile(join(world.folder, 'hook.txt'), 'utf8')
    expect(told).toBe(`completed ${join(world.folder, 'out.jsonl')}\n`)
  })

  it('is held where the key is refused, tells so, and goes on after a resume with a good one', async () => {
    const world = await openWorld({ acceptedKeys: ['sk-good-0123456789'] })
    await world.write('rows.jsonl', questions(2))
    const words = ['run', 'rows.jsonl', ...OPENAI, ...PROMPT, '-o', 'out.jsonl', '--on-hold', 'echo held > hook.txt']
    const held = await type(world, ...words)
    expectExit(held, 3)
    expect(held.stderr).toMatch(/is held: 0 of \d+ rows succeeded\s+Why +.*[\s\S]*Next: llm-batch resume/)
    expect(held.stderr).not.toContain(world.environment['OPENAI_API_KEY'])
    expect(await readFile(join(world.folder, 'hook.txt'), 'utf8')).toBe('held\n')
    const better = { ...world, environment: { ...world.environment, OPENAI_API_KEY: 'sk-good-0123456789' } }
    const resumed = await type(better, 'resume')
    expectExit(resumed, 0)
    expect((await stat(join(world.folder, 'out.jsonl'))).size).toBeGreaterThan(0)
  })

  it('typed again after its end says where the answers are, writes them elsewhere, and buys only with --again', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    const words = ['run', 'rows.jsonl', ...OPENAI, ...PROMPT]
    const read = (name: string): Promise<string> => readFile(join(world.folder, name), 'utf8')
    expectExit(await typeHere(world, ...words, '-o', 'first.jsonl'), 0)
    const first = await read('first.jsonl')
    await world.write('first.jsonl', `${first}\n`)

    const same = await type(world, ...words, '-o', 'first.jsonl')
    expectExit(same, 0)
    expect(same.stderr).toMatch(/^Finished already, as run \S+: the answers are in .*first\.jsonl\. .*add --again\.\n$/)
    const asJson = await typeHere(world, ...words, '-o', 'first.jsonl', '--json', '--quiet')
    expect(JSON.parse(asJson.stdout)).toMatchObject({ run: { state: 'completed' }, counts: { succeeded: 2 } })
    // What the user did to the file is not undone.
    expect(await read('first.jsonl')).toBe(`${first}\n`)

    const elsewhere = await typeHere(world, ...words, '-o', 'second.jsonl')
    expectExit(elsewhere, 0)
    expect(elsewhere.stderr).toMatch(
      /Finished already, as run \S+: nothing is sent, and the answers are written to .*second/,
    )
    expect(await read('second.jsonl')).toBe(first)
    // The first file is known again, although the run was told of another one since.
    expectExit(await typeHere(world, ...words, '-o', 'first.jsonl', '--quiet'), 0)
    expect(await read('first.jsonl')).toBe(`${first}\n`)
    await rm(join(world.folder, 'first.jsonl'))
    expectExit(await typeHere(world, ...words, '-o', 'first.jsonl', '--quiet'), 0)
    expect(await read('first.jsonl')).toBe(first)

    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2 })
    expectExit(await typeHere(world, ...words, '-o', 'third.jsonl', '--again', '--quiet'), 0)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 4 })
  })

  it.each([
    ['of other work', 'other.jsonl', ['-o', 'out.jsonl']],
    ['of some of its rows', 'rows.jsonl', ['-o', 'part.jsonl']],
    ['with other columns', 'rows.jsonl', ['-o', 'out.jsonl', '--columns', 'id']],
    ['that is no answers file', 'rows.jsonl', ['-o', 'rows-2.jsonl']],
  ])('never takes a file %s for its answers', async (_what, input, flags) => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    await world.write('other.jsonl', questions(2, 'other'))
    await world.write('rows-2.jsonl', questions(2))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...OPENAI, ...PROMPT, '-o', 'out.jsonl', '--quiet'), 0)
    expectExit(await typeHere(world, 'results', 'last', '--limit', '1', '-o', 'part.jsonl', '--quiet'), 0)
    const refused = await typeHere(world, 'run', input, ...OPENAI, ...PROMPT, ...flags, '--quiet')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/jsonl exists already/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 })
  })
})
