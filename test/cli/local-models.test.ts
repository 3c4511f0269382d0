// Runs with a model server of the user's own, on the built command: what is asked, how often, and what a kill costs.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Ended, expectExit, parseLines, start, type as typed, typeHere } from '../support/command.ts'
import { RawClient, requestLine, temporaryFolder } from '../support/local-server.ts'
import { type ModelCall, type ModelReply, type ModelServer, startModelServer } from '../support/model-server.ts'
import { blocksOf, wordsOf } from '../support/page-blocks.ts'

/** A folder with eight rows, a home and a model server. */
async function openWorld(decide?: (call: ModelCall) => ModelReply) {
  const model = await startModelServer(decide)
  onTestFinished(() => model.close())
  const folder = await temporaryFolder()
  const environment = { PATH: process.env['PATH'] ?? '', LLM_BATCH_HOME: join(folder, 'home') }
  await writeFile(join(folder, 'rows.csv'), `text\n${ROWS.join('\n')}\n`)
  return { model, surroundings: { folder, environment } }
}

const ROWS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight']

function words(command: string, { url }: ModelServer, ...more: readonly string[]): readonly string[] {
  return [command, 'rows.csv', '--local', url, '--model', 'org/llama3.2', '--prompt', '{{text}}', ...more]
}

const TWO = ['--local-concurrency', '2'] as const

const ANSWERS = ROWS.map((row) => `The answer to ${row}`)

function outputs({ stdout }: Ended): readonly unknown[] {
  return parseLines(stdout).map((row) => row['llm_output'])
}

describe('a run with a model of the user’s own', () => {
  it('goes on after a kill: no answered row is asked again, and those on their way are', async () => {
    let isHolding = true
    const { model, surroundings } = await openWorld(({ prompt }) =>
      isHolding && !['one', 'two', 'three'].includes(prompt) ? 'hold' : 'answer',
    )
    const line = words('run', model, '-o', '-', '--format', 'jsonl', ...TWO)
    const first = start(surroundings, line)
    await expect.poll(() => model.prompts.length).toBe(5)
    // Three answers have come and are in the journal, since two further rows could only be asked then.
    first.process.kill('SIGKILL')
    await first.ended
    isHolding = false
    model.release()

    // What only the command itself does is left alone by others, and the line is the same again.
    const ticked = await typeHere(surroundings, 'tick')
    expect(ticked.stderr).toContain('Go on with: llm-batch resume')
    const second = await typed(surroundings, ...line)
    expectExit(second, 0)
    expect(outputs(second)).toEqual(ANSWERS)
    expect(second.stderr).toContain('Going on with run')
    expect(second.stderr).toContain('$0')
    expect(second.stderr).not.toMatch(/canary|half|discount|not known/)
    expect(ROWS.map((row) => [row, model.times(row)])).toEqual([
      ['one', 1],
      ['two', 1],
      ['three', 1],
      ['four', 2],
      ['five', 2],
      ['six', 1],
      ['seven', 1],
      ['eight', 1],
    ])
    expect(model.mostAtOnce).toBe(2)
    expect([...model.keys]).toEqual([''])
  })

  it('is cancelled by another command, and keeps what is answered or on its way', async () => {
    const { model, surroundings } = await openWorld(({ prompt }) => (prompt === 'one' ? 'answer' : 'hold'))
    const run = start(surroundings, words('run', model, '-o', 'out.jsonl', ...TWO, '--events', 'events.jsonl'))
    await expect.poll(() => model.prompts.length).toBe(3)
    const cancelled = typeHere(surroundings, 'cancel', 'last')
    const events = () => readFile(join(surroundings.folder, 'events.jsonl'), 'utf8')
    await expect.poll(events).toContain('"remoteStatus":"cancelling"')
    model.release()
    expectExit(await cancelled, 0)
    await run.ended
    const rows = parseLines(await readFile(join(surroundings.folder, 'out.jsonl'), 'utf8'))
    const ends = ROWS.map((_, index) => (index < 3 ? 'succeeded' : 'cancelled'))
    expect(rows.map((row) => row['llm_status'])).toEqual(ends)
    expect(model.prompts).toEqual(['one', 'two', 'three'])
  })

  it('waits for a server that is away, sends the key of the variable that is named, and keeps it nowhere', async () => {
    const { model, surroundings } = await openWorld(({ times }) =>
      times === 1 ? { status: 503, body: { error: { message: 'Loading.' } } } : 'answer',
    )
    const key = 'sk-of-the-model-server'
    const withKey = { ...surroundings, environment: { ...surroundings.environment, MODEL_KEY: key } }
    await writeFile(join(surroundings.folder, 'llm-batch.config.json'), '{"waits":{"retryBackoff":"5ms"}}')
    const ended = await typeHere(withKey, ...words('run', model, '-o', 'out.jsonl', '--local-key', 'MODEL_KEY'))
    expectExit(ended, 0)
    expect(ended.stderr).toContain('the model server does not take requests: it answered with 503: Loading.')
    expect([...model.keys]).toEqual([`Bearer ${key}`])
    // Neither the run nor its job says which key goes to the address, since both may come from someone else.
    const resumed = await typeHere(withKey, 'resume', 'last')
    expect([resumed.code, resumed.stderr]).toEqual([2, expect.stringContaining(`of the model server at ${model.url}`)])
    const job = await typeHere(withKey, 'runs', 'job', 'last')
    expect(job.stdout).toContain(`local: ${model.url}`)
    expect(job.stdout).not.toContain('MODEL_KEY')
    const files = await readdir(surroundings.folder, { recursive: true, withFileTypes: true })
    const texts = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
    )
    expect(texts.length).toBeGreaterThan(10)
    expect(texts.filter((text) => text.includes(key))).toEqual([])
    const summary = JSON.parse(await readFile(join(surroundings.folder, 'out.jsonl.run.json'), 'utf8')) as object
    expect(summary).toMatchObject({ baseUrl: model.url })
  })

  it('shows a plan and tries rows for nothing, and refuses what makes no sense', async () => {
    const { model, surroundings } = await openWorld()
    const plan = await typeHere(surroundings, ...words('plan', model))
    expectExit(plan, 0)
    expect(plan.stdout).toContain('local/org/llama3.2')
    expect(plan.stdout).toContain('$0')
    expect(model.prompts).toEqual([])
    const tried = await typeHere(surroundings, ...words('try', model, '--rows', '2'))
    expectExit(tried, 0)
    expect(tried.stdout).toContain('The answer to')
    expect(model.prompts).toHaveLength(2)
    for (const flags of [
      ['--provider', 'mistral'],
      ['--no-wait'],
      ['--detach'],
      ['--deadline', '1h', '--tail', 'direct'],
    ]) {
      const refused = await typeHere(surroundings, ...words('run', model, ...flags))
      expectExit(refused, 2)
      expect(refused.stderr).toContain('--local')
    }
    const orphan = await typeHere(surroundings, 'run', 'rows.csv', '--model', 'openai/x', '--local-key', 'X')
    expect([orphan.code, orphan.stderr]).toEqual([2, expect.stringContaining('need --local')])
    const database = await typeHere(surroundings, ...words('plan', model, '--home', 'postgres://nowhere/at-all'))
    expect([database.code, database.stderr]).toEqual([2, expect.stringContaining('needs a home in a folder')])
  })
})

describe('the page on models of one’s own', () => {
  it('has commands that do what it says', async () => {
    const { model, surroundings } = await openWorld(({ request }) =>
      request.body.includes('response_format') ? { text: '{"verdict":"good"}' } : 'answer',
    )
    await writeFile(join(surroundings.folder, 'reviews.csv'), 'id,text\n1,It works\n2,I like it\n')
    const [block] = await blocksOf('docs/local-models.md', ['sh'])
    const commands = (block?.text ?? '')
      .replaceAll(/\\\n */g, '')
      .split('\n')
      .map(wordsOf)
      .filter(([command]) => command === 'llm-batch')
    expect(commands.map(([, verb]) => verb)).toEqual(['try', 'run'])
    for (const [, ...given] of commands) {
      const here = given.map((word) => (word === 'http://127.0.0.1:11434/v1' ? model.url : word))
      expectExit(await typeHere(surroundings, ...here), 0)
    }
    const answers = await readFile(join(surroundings.folder, 'answers.csv'), 'utf8')
    expect(answers.split('\n').filter((line) => line.includes('good'))).toHaveLength(2)
  })
})

describe('serve --upstream', () => {
  it('tells after a kill what was on its way, asks for it no more, and goes on with the rest', async () => {
    const { model, surroundings } = await openWorld(({ prompt }) => (prompt === 'one' ? 'answer' : 'hold'))
    const line = ['serve', '--upstream', model.url, '--folder', 'server', '--concurrency', '2']
    const first = start(surroundings, line)
    const client = clientOf(await first.shows('Stop with Ctrl-C'))
    const input = ROWS.map((row) => requestLine(row, row)).join('\n')
    const { id } = await client.create(await client.upload(input))
    await expect.poll(() => model.prompts.length).toBe(3)
    const other = await typeHere(surroundings, ...line)
    expect([other.code, other.stderr]).toEqual([75, expect.stringContaining('another server works in')])
    first.process.kill('SIGKILL')
    await first.ended
    model.release()

    const second = start(surroundings, line)
    const again = clientOf(await second.shows('Stop with Ctrl-C'))
    await expect.poll(() => again.batch(id)).toMatchObject({ status: 'completed' })
    const batch = await again.batch(id)
    expect(batch.request_counts).toEqual({ total: 8, completed: 6, failed: 2 })
    const errors = await again.lines(batch.error_file_id)
    expect(errors.map((one) => one.custom_id).sort()).toEqual(['three', 'two'])
    expect(errors[0]?.error).toMatchObject({ code: 'may_have_been_executed' })
    expect(ROWS.map((row) => model.times(row))).toEqual(ROWS.map(() => 1))
    second.process.kill('SIGINT')
    expectExit(await second.ended, 0)
  })

  it('refuses what only invented answers have, and the other way round', async () => {
    const { model, surroundings } = await openWorld()
    for (const [flags, message] of [
      [['--upstream', model.url, '--answers', 'empty=1'], '--answers makes no sense with --upstream'],
      [['--upstream', model.url, '--simulate'], 'contradict each other'],
      [['--simulate', '--retry-executed'], '--retry-executed makes no sense with --simulate'],
      [[], 'needs something that answers'],
      [['--upstream', model.url, '--upstream-key', 'ABSENT'], 'ABSENT holds no key'],
    ] as const) {
      const refused = await typeHere(surroundings, 'serve', ...flags)
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(message)])
    }
  })
})

/** A client of the server, by the lines that it prints. */
function clientOf(shown: string): RawClient {
  const [, url = '', key = ''] = /OPENAI_BASE_URL=(\S+) OPENAI_API_KEY=(\S+)/.exec(shown) ?? []
  return new RawClient(url, key)
}
