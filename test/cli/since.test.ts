import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { expectExit, parseLines, start, type, typedFirst, typeHere } from '../support/command.ts'
import { MODELS, PROVIDERS, startIn } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

type Line = Readonly<Record<string, unknown>>

async function answers(world: LocalWorld, name: string): Promise<readonly Line[]> {
  return parseLines(await readFile(join(world.folder, name), 'utf8'))
}

/** The answers of rows by their ids. */
function outputs(lines: readonly Line[]): ReadonlyMap<unknown, unknown> {
  return new Map(lines.map((line) => [line['id'], line['llm_output']]))
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  return await readdir(folder, { recursive: true })
}

const sum = (lines: readonly Line[], column: string): number =>
  lines.reduce((total, line) => total + Number(line[column]), 0)

async function document(world: LocalWorld, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await typeHere(world, ...words, '--json')
  return JSON.parse(stdout) as Record<string, unknown>
}

describe.each(PROVIDERS)('an incremental run at %s', (provider) => {
  const carryOut = typedFirst(PROVIDERS, provider)
  const words = ['--model', MODELS[provider], '--prompt', '{{text}}', '--quiet', '--yes']

  it('goes from the first 1,000 rows to the whole file without buying those again', async () => {
    const world = await openWorld({ config: { canary: { aboveRequests: 100 } } })
    await world.write('rows.jsonl', questions(1_200))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--limit', '1000', '-o', 'first.jsonl'), 0)
    const bought = (await world.server.ledger()).rowsBilled + (await world.server.ledger()).directCalls
    expect(bought).toBe(1_000)

    const plan = await document(world, 'plan', 'rows.jsonl', ...words.slice(0, 4), '--since', 'last')
    expect(plan).toMatchObject({ rows: 1_200, requests: 200, sharing: { carried: { rows: 1_000 } } })

    expectExit(await carryOut(world, 'run', 'rows.jsonl', ...words, '--since', 'last', '-o', 'all.jsonl'), 0)
    const ledger = await world.server.ledger()
    expect(ledger.rowsBilled + ledger.directCalls).toBe(1_200)
    expect(ledger.rowsBilledAgain).toBe(0)
    const [first, all] = await Promise.all([answers(world, 'first.jsonl'), answers(world, 'all.jsonl')])
    expect(all).toHaveLength(1_200)
    expect([...outputs(all)].slice(0, 1_000)).toEqual([...outputs(first)])
    expect(new Set(all.map(({ llm_status: status }) => status))).toEqual(new Set(['succeeded']))
    // What was carried over costs nothing here; what was bought costs what the run says that it cost.
    expect(sum(all.slice(0, 1_000), 'llm_cost_usd')).toBe(0)
    const status = await document(world, 'status', 'last')
    expect(sum(all, 'llm_cost_usd')).toBeCloseTo(Number(status['costUsd']), 9)
    expect(status).toMatchObject({ run: { carried: { rows: 1_000 } }, counts: { succeeded: 1_200 } })
    const { carried } = status['run'] as { carried: { costUsd: number } }
    expect(carried.costUsd).toBeCloseTo(sum(first, 'llm_cost_usd'), 9)
    expect((await typeHere(world, 'status', 'last')).stdout).toMatch(/Carried +1,000 rows from run \S+, bought for \$/)
  })

  it('buys changed and new rows only, and lives on when the run before is removed', async () => {
    const world = await openWorld()
    const lines = questions(20).trimEnd().split('\n')
    await world.write('rows.jsonl', `${lines.join('\n')}\n`)
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--name', 'monday', '-o', 'monday.jsonl'), 0)
    // Row 3 is gone, row 5 has moved to the end, row 7 asks something else, and two are new.
    const changed = lines.filter((_, at) => at !== 3 && at !== 5)
    changed[changed.indexOf(lines[7] ?? '')] = JSON.stringify({ id: 'q7', text: 'Something else. nonce:c-7' })
    changed.push(...questions(2, 'new').trimEnd().split('\n'), lines[5] ?? '')
    await world.write('rows.jsonl', `${changed.join('\n')}\n`)
    const before = (await world.server.ledger()).rowsBilled
    expectExit(await carryOut(world, 'run', 'rows.jsonl', ...words, '--since', 'monday', '-o', 'tuesday.jsonl'), 0)
    expect((await world.server.ledger()).rowsBilled - before).toBe(3)

    const [monday, tuesday] = await Promise.all([answers(world, 'monday.jsonl'), answers(world, 'tuesday.jsonl')])
    expect(tuesday.map(({ id }) => id)).toEqual(changed.map((line) => (JSON.parse(line) as Line)['id']))
    const old = outputs(monday)
    const same = tuesday.filter(({ id, llm_output: output }) => old.get(id) === output).map(({ id }) => id)
    expect(tuesday.map(({ id }) => id).filter((id) => !same.includes(id))).toEqual(['q7', 'new0', 'new1'])
    expect(tuesday.filter(({ llm_attempt: attempt }) => attempt === 0)).toHaveLength(18)

    expectExit(await typeHere(world, 'runs', 'rm', 'monday', '--yes'), 0)
    expectExit(await typeHere(world, 'results', 'last', '-o', 'again.jsonl'), 0)
    expect(await answers(world, 'again.jsonl')).toEqual(tuesday)
    expectExit(await typeHere(world, 'results', 'last', '--format', 'provider', '-o', 'lines.jsonl'), 0)
    const raw = await readFile(join(world.folder, 'lines.jsonl'), 'utf8')
    expect(raw.match(/"custom_id"/g)).toHaveLength(changed.length)

    // And the answers are carried on, from a run that has carried them over itself.
    await world.write('rows.jsonl', `${lines.join('\n')}\n`)
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--since', 'last', '-o', 'wednesday.jsonl'), 0)
    const wednesday = await answers(world, 'wednesday.jsonl')
    const bought = wednesday.filter(({ llm_attempt: attempt }) => attempt === 1)
    expect(bought.map(({ id }) => id)).toEqual(['q3', 'q7'])
    expect((await world.server.ledger()).rowsBilled - before).toBe(5)
    expect(wednesday.filter(({ id, llm_output: output }) => old.get(id) !== output)).toEqual([])
  })
})

describe('an incremental run', () => {
  const words = ['--model', MODELS.openai, '--prompt', '{{text}}', '--quiet', '--yes']

  it('of an unchanged file buys nothing, ends at once, and is pointed out when it is typed again', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(12))
    const run = ['run', 'rows.jsonl', ...words, '--force', '-o', 'out.jsonl']
    expectExit(await typeHere(world, ...run, '--name', 'first'), 0)
    const { batchesCreated } = await world.server.ledger()
    expectExit(await type(world, ...run, '--since', 'first'), 0)
    const again = await typeHere(world, ...run.filter((word) => word !== '--quiet'), '--since', 'first')
    expectExit(again, 0)
    expect(again.stderr).toMatch(/Finished already, as run .*: nothing is sent/)
    // A weekly job says `last`, and has nothing to buy time after time.
    expectExit(await typeHere(world, ...run, '--since', 'last'), 0)
    expectExit(await typeHere(world, ...run, '--since', 'last'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated, rowsBilled: 12, rowsBilledAgain: 0 })
    expect(await answers(world, 'out.jsonl')).toHaveLength(12)
  })

  it('asks again what had no usable answer', async () => {
    const world = await openWorld()
    const rows = ['fine', '[[simulate:refusal]]', '[[simulate:length]]', '[[simulate:status=400]]', 'fine too']
    await world.write('rows.jsonl', `${rows.map((text, id) => JSON.stringify({ id, text })).join('\n')}\n`)
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'first.jsonl'), 4)
    expect((await world.server.ledger()).rowsBilled).toBe(4)
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--since', 'last', '-o', 'second.jsonl'), 4)
    const second = await answers(world, 'second.jsonl')
    expect(second.map(({ llm_attempt: attempt }) => attempt)).toEqual([0, 1, 1, 1, 0])
    expect((await world.server.ledger()).rowsBilled).toBe(6)
  })

  it('carries two answers to one question over to two rows, and buys the third', async () => {
    const world = await openWorld()
    const same = (count: number): string => '{"text":"Tell me a story."}\n'.repeat(count)
    await world.write('rows.jsonl', same(2))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'first.jsonl'), 0)
    await world.write('rows.jsonl', same(3))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--since', 'last', '-o', 'second.jsonl'), 0)
    expect((await world.server.ledger()).rowsBilled).toBe(3)
    expect((await answers(world, 'second.jsonl')).map(({ llm_attempt: attempt }) => attempt)).toEqual([0, 0, 1])
  })

  it('killed while it prepares leaves nothing half carried over: typed again, it carries all of it', async () => {
    // Two new rows end the reading ahead, so that answers are copied while the rest of the input is still to come.
    const world = await openWorld({ config: { canary: { aboveRequests: 1 } } })
    const input = questions(2, 'new') + questions(700)
    await world.write('old.jsonl', questions(700))
    await world.write('rows.jsonl', input)
    expectExit(await typeHere(world, 'run', 'old.jsonl', ...words, '-o', 'first.jsonl'), 0)
    const before = await world.server.ledger()
    const arguments_ = ['run', '-', '--input-format', 'jsonl', ...words, '--since', 'last', '-o', 'second.jsonl']
    const command = start(world, arguments_, { input, isInputOpen: true })
    const unnamed = async (): Promise<boolean> => (await filesBelow(world.home)).some((name) => /unnamed/.test(name))
    while (!(await unnamed())) await sleep(10)
    command.process.kill('SIGKILL')
    expect((await command.ended).code).toBeNull()
    expect(await world.server.ledger()).toEqual(before)
    expect((await document(world, 'runs'))['runs']).toHaveLength(1)

    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--since', 'last', '-o', 'second.jsonl'), 0)
    const after = await world.server.ledger()
    expect(after.rowsBilled + after.directCalls - before.rowsBilled - before.directCalls).toBe(2)
    expect(await answers(world, 'second.jsonl')).toHaveLength(702)
    expect(await unnamed()).toBe(false)
  })

  it('carries over what an unfinished run has answered, and says that the rest is bought here too', async () => {
    // One batch at a time, so that the create which succeeds is that of the first rows.
    const limits = { maxRequests: 5, maxOpenBatches: 1 }
    const world = await openWorld({ config: { limits }, faults: ['create:2+=status(500)'] })
    await world.write('rows.jsonl', questions(10))
    const first = await startIn(world, 'openai', questions(10), { name: 'first' })
    const stop = new AbortController()
    first.on('progress', ({ counts }) => {
      if (counts.succeeded === 5) stop.abort()
    })
    await first.finished({ signal: stop.signal })
    await first.close()
    world.server.setFaults([])
    await world.write('rows.jsonl', questions(10) + questions(1, 'new'))
    const second = await type(world, 'run', 'rows.jsonl', ...words, '--since', 'first', '-o', 'second.jsonl')
    expectExit(second, 0)
    expect(second.stderr).toMatch(/run \S+ is not finished: 5 of its rows have no answer yet/)
    const lines = await answers(world, 'second.jsonl')
    expect(lines.map(({ llm_attempt: attempt }) => attempt)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
  })

  it('refuses a run of another server, and one that does not exist', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--name', 'first', '-o', 'first.jsonl'), 0)
    const elsewhere = { ...world, environment: { ...world.environment, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' } }
    const other = await typeHere(elsewhere, 'run', 'rows.jsonl', ...words, '--since', 'first', '-o', 'b.jsonl')
    expectExit(other, 2)
    expect(other.stderr).toMatch(/answers of another server are not carried over/)
    const absent = await typeHere(world, 'run', 'rows.jsonl', ...words, '--since', 'nothing', '-o', 'b.jsonl')
    expectExit(absent, 2)
    expect(absent.stderr).toMatch(/there is no run nothing/)
    expectExit(await typeHere(world, 'plan', 'rows.jsonl', ...words.slice(0, 4), '--since', 'nothing'), 2)
    expect(await document(world, 'runs')).toMatchObject({ runs: [{ name: 'first' }] })
  })

  it('warns where another prompt makes every row another question', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'first.jsonl'), 0)
    const other = await typeHere(
      world,
      'run',
      'rows.jsonl',
      ...words,
      '--system',
      'Be brief.',
      '--since',
      'last',
      '-o',
      'b.jsonl',
    )
    expectExit(other, 0)
    expect(other.stderr).toMatch(/run \S+ has answered none of these requests/)
    expect((await world.server.ledger()).rowsBilled).toBe(4)
  })
})

const FIELDS = ['--field', 'label: billing|support']

describe('an incremental run by a schema', () => {
  it('keeps what fitted in the end, with all that it cost, and asks again what never did', async () => {
    const world = await openWorld({
      config: { prices: { [MODELS.openai]: { inputUsdPerMillion: 2e6, outputUsdPerMillion: 2e6 } } },
    })
    const texts = ['', '[[simulate: invalid_json times=1]]', '[[simulate: invalid_json]]', '[[simulate: fenced_json]]']
    const lines = texts.map((text, at) => JSON.stringify({ id: `r${at}`, text: `${text} support nonce:s-${at}` }))
    await world.write('rows.jsonl', `${lines.join('\n')}\n`)
    const words = ['--model', MODELS.openai, '--prompt', '{{text}}', ...FIELDS, '--reask', '1', '--quiet', '--yes']
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '-o', 'first.jsonl'), 4)
    expect((await world.server.ledger()).rowsBilled).toBe(6)
    expectExit(await typeHere(world, 'run', 'rows.jsonl', ...words, '--since', 'last', '-o', 'second.jsonl'), 4)
    expect((await world.server.ledger()).rowsBilled).toBe(8)
    const [first, second] = await Promise.all([answers(world, 'first.jsonl'), answers(world, 'second.jsonl')])
    expect(second.map(({ llm_status: status, llm_turns: turns }) => [status, turns])).toEqual([
      ['succeeded', 1],
      ['succeeded', 1],
      ['invalid', 2],
      ['succeeded', 1],
    ])
    expect(outputs(second)).toEqual(outputs(first))
    expect(
      sum(
        [0, 1, 3].map((at) => second[at] ?? {}),
        'llm_cost_usd',
      ),
    ).toBe(0)
    const status = await document(world, 'status', 'last')
    const { carried } = status['run'] as { carried: { rows: number; costUsd: number } }
    expect(carried.rows).toBe(3)
    expect(carried.costUsd).toBeCloseTo(
      sum(
        [0, 1, 3].map((at) => first[at] ?? {}),
        'llm_cost_usd',
      ),
      9,
    )
  })

  it('keeps of a run without one only what fits', async () => {
    const world = await openWorld()
    const schema = {
      type: 'object',
      properties: { label: { type: 'string', enum: ['billing', 'support'] } },
      required: ['label'],
      additionalProperties: false,
    }
    const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } }
    const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'support nonce:j-0' }] }
    const bodies = [{ ...body, response_format: format }, body]
    const lines = bodies.map((one, at) =>
      JSON.stringify({ custom_id: `c${at}`, method: 'POST', url: '/v1/chat/completions', body: one }),
    )
    await world.write('lines.jsonl', `${lines.join('\n')}\n`)
    await world.write('schema.json', JSON.stringify(schema))
    const run = ['run', 'lines.jsonl', '--quiet', '--yes']
    expectExit(await typeHere(world, ...run, '-o', 'first.jsonl'), 0)
    expectExit(await typeHere(world, ...run, '--schema', 'schema.json', '--since', 'last', '-o', 'second.jsonl'), 4)
    const second = await answers(world, 'second.jsonl')
    expect(second.map(({ llm_attempt: attempt, llm_status: status }) => [attempt, status])).toEqual([
      [0, 'succeeded'],
      [1, 'invalid'],
    ])
    expect((await world.server.ledger()).rowsBilled).toBe(3)
  })
})

describe('the job of an incremental run', () => {
  it('names the run that it carried over from by its id, and says what was shared', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(2))
    const job = ['input: rows.jsonl', `model: ${MODELS.openai}`, 'prompt: "{{text}}"', 'dedupe: true']
    await world.write('first.yaml', [...job, 'output: first.jsonl'].join('\n'))
    expectExit(await typeHere(world, 'run', 'first.yaml', '--quiet', '--yes'), 0)
    const [first] = (await document(world, 'runs'))['runs'] as { id: string }[]
    await world.write('rows.jsonl', questions(2) + questions(2))
    await world.write('second.yaml', [...job, 'since: last', 'output: second.jsonl'].join('\n'))
    expect(await document(world, 'plan', 'second.yaml')).toMatchObject({
      sharing: { carried: { from: first?.id, rows: 2 }, shared: { rows: 2 } },
    })
    expectExit(await typeHere(world, 'run', 'second.yaml', '--quiet', '--yes', '--no-dedupe'), 0)
    expect((await world.server.ledger()).rowsBilled).toBe(4)
    const { stdout } = await typeHere(world, 'runs', 'job', 'last')
    expect(stdout).toContain(`since: ${first?.id}\n`)
    expect(stdout).toContain('dedupe: false\n')
  })
})
