import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { startRun } from '../../src/index.ts'
import { expectExit, parseLines, start, type, typedFirst, typeHere } from '../support/command.ts'
import { finalBooks, MODELS, PROVIDERS, type ProviderName, readStatuses, SHORT_WAITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const FIELDS = ['--field', 'label: billing|support', '--field', 'why?: string']

const SCHEMA = {
  type: 'object',
  properties: { label: { type: 'string', enum: ['billing', 'support'] }, why: { type: 'string' } },
  required: ['label'],
}

/** Rows whose prompts ask the simulator for these outcomes, each known again by a nonce. */
function wishes(...texts: readonly string[]): string {
  return texts
    .map((text, index) => `${JSON.stringify({ id: `r${index}`, text: `${text} support nonce:r-${index}` })}\n`)
    .join('')
}

async function answers(world: LocalWorld, name = 'out.jsonl') {
  return parseLines(await readFile(join(world.folder, name), 'utf8'))
}

describe.each(PROVIDERS)('answers by a schema at %s', (provider) => {
  const carryOut = typedFirst(PROVIDERS, provider)
  const RUN = ['run', 'rows.jsonl', '--model', MODELS[provider], '--prompt', '{{text}}', '-o', 'out.jsonl', ...FIELDS]

  it('are values where they fit, and text with what is wrong where they do not', async () => {
    const world = await openWorld()
    await world.write(
      'rows.jsonl',
      wishes('', '[[simulate: fenced_json]]', '[[simulate: invalid_json]]', '[[simulate: refusal]]'),
    )
    const ended = await carryOut(world, ...RUN)
    expectExit(ended, 4)
    expect(ended.stderr).toMatch(/Schema\s+1 answer read out of a code fence/)
    expect(ended.stderr).toMatch(/[12] invalid: invalid_json: the answer begins like JSON/)
    const rows = await answers(world)
    expect(rows[0]).toMatchObject({ llm_output: { label: 'support' }, llm_status: 'succeeded', llm_error: null })
    expect(rows[1]).toMatchObject({ llm_output: { label: 'support' }, llm_status: 'succeeded', llm_error: null })
    expect(rows[2]).toMatchObject({
      llm_output: '{"simulated": tru',
      llm_status: 'invalid',
      llm_error: expect.stringMatching(/^invalid_json: /),
      llm_completion_tokens: expect.any(Number),
    })
    expect(Object.keys(rows[0] ?? {})).not.toContain('llm_turns')
    expect(rows[3]?.['llm_status']).toBe(provider === 'openai' ? 'refused' : 'invalid')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 4 })
  })

  it('are asked for again where they do not fit, as often as was said, and no more', async () => {
    const world = await openWorld({
      config: { prices: { [MODELS[provider]]: { inputUsdPerMillion: 2e6, outputUsdPerMillion: 2e6 } } },
    })
    await world.write(
      'rows.jsonl',
      wishes(
        '',
        '[[simulate: invalid_json times=1]]',
        '[[simulate: invalid_json times=2]]',
        '[[simulate: invalid_json]]',
      ),
    )
    const ended = await carryOut(world, ...RUN, '--reask', '2', '--yes', '--json')
    expectExit(ended, 4)
    const report = JSON.parse(ended.stdout)
    expect(report.counts).toMatchObject({ succeeded: 3, invalid: 1, pending: 0, batched: 0 })
    expect(report.checked).toEqual({ tolerated: {}, reasked: { rows: 3, requests: 5 } })
    const rows = await answers(world)
    expect(rows.map(({ llm_turns, llm_status, llm_attempt }) => [llm_turns, llm_status, llm_attempt])).toEqual([
      [1, 'succeeded', 1],
      [2, 'succeeded', 2],
      [3, 'succeeded', 3],
      [3, 'invalid', 3],
    ])
    expect(rows[1]?.['llm_earlier']).toEqual([
      {
        output: '{"simulated": tru',
        status: 'invalid',
        error: expect.stringMatching(/^invalid_json/),
        cost_usd: expect.any(Number),
      },
    ])
    expect(rows[3]?.['llm_output']).toBe('{"simulated": tru')
    const books = await finalBooks(world)
    expect(books).toMatchObject({ batchesCreated: 3, rowsBilled: 9 })
    const billed = books.inputTokens + books.outputTokens
    expect(report.costUsd).toBeCloseTo(billed, 6)
    const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0)
    expect(sum('llm_cost_usd')).toBeCloseTo(billed, 6)
    expect(sum('llm_prompt_tokens') + sum('llm_completion_tokens')).toBe(billed)
  })
})

const OPENAI = ['run', 'rows.jsonl', '--model', MODELS.openai, '--prompt', '{{text}}', '-o', 'out.jsonl', ...FIELDS]
const INVALID = '[[simulate: invalid_json]]'

describe('asking again', () => {
  it('keeps the answer that came, and says what became of the question that brought none', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['run:2-9=expire(0)'] })
    await world.write('rows.jsonl', wishes('', INVALID))
    const ended = await type(world, ...OPENAI, '--reask', '2', '--json')
    expectExit(ended, 4)
    const report = JSON.parse(ended.stdout)
    expect(report.counts).toMatchObject({ succeeded: 1, invalid: 1, expired: 0 })
    expect(report.next).toContain('--status invalid')
    expect((await answers(world))[1]).toMatchObject({
      llm_output: '{"simulated": tru',
      llm_status: 'invalid',
      llm_error: expect.stringMatching(
        /^invalid_json: .*; it was asked again, and the new question ended as expired, batch_expired/,
      ),
      llm_turns: 2,
      llm_attempt: 4,
    })
    // What brought no answer is not asked a second time.
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 4, rowsBilled: 2 })
  })

  it('says so where it asks again without an answer that was damaged meanwhile', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const run = await startRun({
      input: [{ text: '[[simulate: invalid_json times=1]] support nonce:b' }],
      model: MODELS.openai,
      prompt: '{{text}}',
      config: world.configPath,
      environment: world.environment,
      schema: SCHEMA,
      reask: 1,
    })
    const stopping = new AbortController()
    run.on('event', (event) => {
      if (event.type === 'batch' && event.stage === 'collected') stopping.abort()
    })
    await run.finished({ signal: stopping.signal })
    await run.close()
    const path = join(world.home, 'runs', run.id, 'results', '1-output.jsonl')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"role"', '"rule"'))
    const resumed = await typeHere(world, 'resume', '--quiet')
    expectExit(resumed, 0)
    expect(resumed.stderr).toMatch(/1 row is asked again without its earlier answer.*doctor --repair fetches it again/)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 2 })
  })

  it('goes on in another process where the first one stopped between the answer and the new question', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const run = await startRun({
      input: [{ text: 'support nonce:a' }, { text: '[[simulate: invalid_json times=1]] support nonce:b' }],
      model: MODELS.openai,
      prompt: '{{text}}',
      output: join(world.folder, 'answers.jsonl'),
      config: world.configPath,
      environment: world.environment,
      schema: SCHEMA,
      reask: 1,
    })
    const stopping = new AbortController()
    run.on('event', (event) => {
      if (event.type === 'batch' && event.stage === 'collected') stopping.abort()
    })
    const stopped = await run.finished({ signal: stopping.signal })
    await run.close()
    expect(stopped).toMatchObject({ run: { state: 'paused' }, counts: { pending: 1, invalid: 0, succeeded: 1 } })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1 })
    expectExit(await typeHere(world, 'resume'), 0)
    expect(await readStatuses(world)).toEqual(['succeeded', 'succeeded'])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 3, rowsBilledAgain: 1 })
  })

  it('is driven by ticks like everything else', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    await world.write('rows.jsonl', wishes('', '[[simulate: invalid_json times=1]]'))
    expectExit(await typeHere(world, ...OPENAI, '--reask', '1', '--no-wait'), 75)
    expectExit(await typeHere(world, 'tick'), 75)
    await vi.waitFor(async () => {
      await typeHere(world, 'tick')
      expect(JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout).run.state).toBe('completed')
    }, PATIENCE)
    expect((await answers(world)).map(({ llm_turns }) => llm_turns)).toEqual([1, 2])
  })

  /** Four rows with invalid answers, and a cap that has room for the first answers, but not for as many more. */
  async function runUnderCap(): Promise<LocalWorld> {
    const prices = { [MODELS.openai]: { inputUsdPerMillion: 1, outputUsdPerMillion: 2e6 } }
    const world = await openWorld({ waits: SHORT_WAITS, config: { prices, budget: { askAboveUsd: 1e9 } } })
    await world.write('rows.jsonl', wishes(...Array.from({ length: 4 }, () => '[[simulate: invalid_json times=1]]')))
    const limits = ['--max-tokens', '40', '--reask', '1', '--max-cost', '1', '--quiet']
    const refused = await typeHere(world, ...OPENAI, ...limits)
    expectExit(refused, 3)
    const least = /resume with --max-cost ([\d.]+\d)/.exec(refused.stderr)?.[1] ?? ''
    const held = await typeHere(world, 'resume', '--max-cost', least, '--json')
    expectExit(held, 3)
    expect(JSON.parse(held.stdout)).toMatchObject({ counts: { batched: 4, invalid: 0 }, run: { state: 'held' } })
    expect(held.stderr).toMatch(/batch 2 may cost .* of the cap of /)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 4 })
    return world
  }

  it('is held by a cap that does not allow it, and goes on when it is raised', async () => {
    const world = await runUnderCap()
    expectExit(await typeHere(world, 'resume', '--max-cost', '9000', '--quiet'), 0)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 8 })
  })

  it('leaves rows with the answer they have where the run is cancelled before they are asked again', async () => {
    const world = await runUnderCap()
    expectExit(await typeHere(world, 'cancel', 'last'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 4 })
    for (const row of await answers(world)) {
      expect(row).toMatchObject({
        llm_status: 'invalid',
        llm_output: '{"simulated": tru',
        llm_error: expect.stringMatching(
          /^invalid_json: .*; it was asked again, and the run was cancelled before the new question was sent$/,
        ),
      })
    }
  })

  it('leaves rows with the answer they have where the run is cancelled meanwhile', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['run:2=stuck(0)'] })
    await world.write('rows.jsonl', wishes('', INVALID))
    const started = start(world, [...OPENAI, '--reask', '1'])
    await vi.waitFor(async () => expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2 }), PATIENCE)
    started.process.kill('SIGKILL')
    await started.ended
    expectExit(await typeHere(world, 'cancel', 'last'), 0)
    const { counts } = JSON.parse((await typeHere(world, 'status', 'last', '--json')).stdout)
    expect(counts).toMatchObject({ succeeded: 1, invalid: 1, cancelled: 0, batched: 0, pending: 0 })
    expect((await answers(world))[1]).toMatchObject({
      llm_status: 'invalid',
      llm_output: '{"simulated": tru',
      llm_turns: 2,
    })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 2 })
  })

  it('begins anew with a retry, and counts what was paid before', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    await world.write('rows.jsonl', wishes('', '[[simulate: invalid_json times=3]]'))
    expectExit(await typeHere(world, ...OPENAI, '--reask', '1'), 4)
    const refused = await typeHere(world, 'retry', 'last', '--status', 'invalid')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/1 row of run \S+ were billed/)
    expectExit(await typeHere(world, 'retry', 'last', '--status', 'invalid', '--yes', '--force'), 0)
    const [, row] = await answers(world)
    expect(row).toMatchObject({ llm_status: 'succeeded', llm_turns: 3, llm_output: { label: 'support' } })
    // Two questions, the first again, and once more what was wrong with it.
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 4, rowsBilled: 5 })
    expectExit(await typeHere(world, 'retry', 'last', '--status', 'invalid', '--yes'), 0)
  })

  it('asks rows again in a batch that were asked directly at first', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, config: { canary: { aboveRequests: 3, requests: 2 } } })
    await world.write('rows.jsonl', wishes('[[simulate: invalid_json times=1]]', '', '', ''))
    expectExit(await typeHere(world, ...OPENAI, '--reask', '1'), 0)
    expect((await answers(world)).map(({ llm_turns }) => llm_turns)).toEqual([2, 1, 1, 1])
    expect(await finalBooks(world)).toMatchObject({ directCalls: 2, batchesCreated: 2, rowsBilled: 3 })
  })

  it('is shown with what it may cost at worst, and not counted as expected', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', wishes('', ''))
    const plan = async (...flags: string[]) =>
      JSON.parse(
        (
          await typeHere(
            world,
            'plan',
            'rows.jsonl',
            ...OPENAI.slice(2, 6),
            ...FIELDS,
            '--max-tokens',
            '100',
            ...flags,
            '--json',
          )
        ).stdout,
      )
    const [without, once, twice] = [await plan(), await plan('--reask', '1'), await plan('--reask', '2')]
    expect(once.cost.expectedUsd).toBe(without.cost.expectedUsd)
    expect(once.cost.mostUsd).toBeCloseTo(without.cost.mostUsd + once.reasks.mostUsd, 12)
    expect(twice.reasks.mostUsd).toBeGreaterThan(2 * once.reasks.mostUsd)
    expect(without.reasks).toBeNull()
    const { stdout } = await typeHere(
      world,
      'plan',
      'rows.jsonl',
      ...OPENAI.slice(2, 6),
      ...FIELDS,
      '--max-tokens',
      '100',
      '--reask',
      '2',
    )
    expect(stdout).toMatch(/Asking again\s+up to 2 times where an answer does not fit: at most \$/)
  })
})

describe('after the home folder was lost', () => {
  it('what was asked again is found and taken over like the rest, and nothing is bought twice', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    await world.write('rows.jsonl', wishes('', '[[simulate: invalid_json times=1]]'))
    const words = [...OPENAI, '--reask', '1', '--force']
    expectExit(await typeHere(world, ...words), 0)
    const before = await answers(world)
    await rm(world.home, { recursive: true })
    expectExit(await typeHere(world, ...words), 2)
    expectExit(await typeHere(world, 'remote', 'adopt', 'last'), 0)
    const held = await typeHere(world, 'resume')
    expectExit(held, 3)
    expect(held.stderr).toContain('of the same work; take it over with')
    expectExit(await typeHere(world, 'remote', 'adopt', 'last'), 0)
    expectExit(await typeHere(world, 'resume'), 0)
    expect(await answers(world)).toEqual(before)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 3 })
  })
})

describe('a schema on the command line', () => {
  it('comes from a file, and is sent in the words of each provider', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', wishes(''))
    await world.write('ticket.schema.json', JSON.stringify(SCHEMA))
    const formatAt = async (provider: ProviderName, ...flags: string[]) => {
      const words = [
        'plan',
        'rows.jsonl',
        '--model',
        MODELS[provider],
        '--prompt',
        '{{text}}',
        '--schema',
        'ticket.schema.json',
      ]
      return JSON.parse((await typeHere(world, ...words, ...flags, '--json')).stdout).firstRequest.response_format
    }
    const strict = {
      type: 'object',
      properties: { label: { type: 'string', enum: ['billing', 'support'] }, why: { type: ['string', 'null'] } },
      required: ['label', 'why'],
      additionalProperties: false,
    }
    for (const provider of PROVIDERS) {
      expect(await formatAt(provider)).toEqual({
        type: 'json_schema',
        json_schema: { name: 'ticket', schema: strict, strict: true },
      })
    }
    expect((await formatAt('openai', '--no-strict')).json_schema).toEqual({
      name: 'ticket',
      schema: SCHEMA,
      strict: false,
    })
  })

  it('only checks what provider-ready lines are answered with, and asks them again all the same', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const line = (id: string, content: string) =>
      JSON.stringify({
        custom_id: id,
        body: { model: 'gpt-6-luna', seed: 12345678901234567890n.toString(), messages: [{ role: 'user', content }] },
      })
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA, strict: false } }
    const asked = JSON.stringify({
      custom_id: 'b',
      body: {
        model: 'gpt-6-luna',
        response_format: format,
        messages: [{ role: 'user', content: '[[simulate: invalid_json times=1]] support nonce:b' }],
      },
    })
    await world.write('rows.jsonl', `${line('a', 'hello')}\n${asked}\n`)
    await world.write('ticket.json', JSON.stringify(SCHEMA))
    const words = ['run', 'rows.jsonl', '--schema', 'ticket.json', '-o', 'out.jsonl']
    expectExit(await type(world, ...words, '--reask', '1'), 4)
    expect(await answers(world)).toMatchObject([
      { llm_id: 'a', llm_status: 'invalid', llm_error: expect.stringContaining('contains no JSON'), llm_turns: 2 },
      { llm_id: 'b', llm_status: 'succeeded', llm_output: { label: 'support' }, llm_turns: 2 },
    ])
    // The bodies are the same under any schema, so the run is too: who asks for something else is told.
    const other = await typeHere(world, 'run', 'rows.jsonl', '-o', 'other.jsonl', '--field', 'label: a|b')
    expectExit(other, 2)
  })

  it('makes the rows of a try valid or not', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', wishes('', INVALID))
    const tried = await typeHere(world, 'try', 'rows.jsonl', ...OPENAI.slice(2, 6), ...FIELDS, '--json')
    expectExit(tried, 4)
    expect(
      JSON.parse(tried.stdout).rows.map(({ code, status }: { code: string; status: string }) => [status, code]),
    ).toEqual([
      ['succeeded', null],
      ['invalid', 'invalid_json'],
    ])
  })

  it('is JSON text in CSV', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', wishes(''))
    expectExit(await type(world, ...OPENAI.slice(0, 6), ...FIELDS, '-o', 'out.csv'), 0)
    expect(await readFile(join(world.folder, 'out.csv'), 'utf8')).toContain('"{""label"":""support""')
  })

  const REFUSED: readonly (readonly [flags: readonly string[], message: RegExp])[] = [
    [['--field', 'label: a|b', '--schema', 'good.json'], /cannot be used with/],
    [['--field', 'label'], /does not have the form name: type/],
    [['--schema', 'absent.json'], /absent\.json does not exist/],
    [['--schema', 'broken.json'], /broken\.json is not JSON/],
    [['--schema', 'list.json'], /it is not a JSON object/],
    [
      ['--schema', 'open.json'],
      /rules of openai for strict answers: #\/properties\/a allows further properties.*--no-strict/s,
    ],
    [['--schema', 'wrong.json', '--no-strict'], /the schema cannot be used/],
    [['--no-strict'], /there is none/],
    [['--reask', '1'], /needs a schema/],
    [['--field', 'label: a|b', '--param', 'response_format={"type":"json_object"}'], /cannot be used together/],
  ]

  it.each(REFUSED)('is refused before anything is sent: %j', async (flags, message) => {
    const world = await openWorld()
    await world.write('rows.jsonl', wishes(''))
    await world.write('broken.json', '{')
    await world.write('good.json', '{"type":"object"}')
    await world.write('list.json', '[]')
    await world.write('open.json', '{"type":"object","properties":{"a":{"type":"object","additionalProperties":true}}}')
    await world.write('wrong.json', '{"type":"strnig"}')
    const carryOut = typedFirst(
      REFUSED.map(([first]) => first),
      flags,
    )
    const ended = await carryOut(world, ...OPENAI.slice(0, 8), ...flags)
    expectExit(ended, 2)
    expect(ended.stderr).toMatch(message)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })
})
