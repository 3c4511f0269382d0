import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { SqliteDatabase } from '../../src/store/folder/sqlite-database.ts'
import { statePath } from '../../src/store/run-folder.ts'
import { expectExit, parseLines, type, typeHere } from '../support/command.ts'
import {
  finish,
  PROVIDERS,
  type ProviderName,
  promptRows,
  readAnswers,
  reopenIn,
  startIn,
} from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

/** Two dollars a token, so one in a batch: then tokens are dollars. */
const DOLLAR_A_TOKEN = { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 2_000_000 }

const MODEL: Readonly<Record<ProviderName, string>> = { openai: 'openai/priced', mistral: 'mistral/priced' }

const PRICES = { 'openai/priced': DOLLAR_A_TOKEN, 'mistral/priced': DOLLAR_A_TOKEN }

const LIMITS = { maxRequests: 10 }

/** A world in which tokens are dollars and nothing is asked. */
async function pricedWorld(budget: object = {}, config: object = {}): Promise<LocalWorld> {
  return await openWorld({
    config: {
      tokenCount: true,
      prices: PRICES,
      limits: LIMITS,
      budget: { askAboveUsd: 1_000_000_000, ...budget },
      ...config,
    },
  })
}

const RUN = ['run', 'rows.jsonl', '--model', MODEL.openai, '--prompt', '{{text}}', '-o', 'out.jsonl']

/** What the local server has billed, in dollars. */
async function billed(world: LocalWorld): Promise<number> {
  const { inputTokens, outputTokens } = await world.server.ledger()
  return inputTokens + outputTokens
}

async function readJson(world: LocalWorld, name: string) {
  return JSON.parse(await readFile(join(world.folder, name), 'utf8'))
}

describe.each(PROVIDERS)('the report of a run at %s', (provider) => {
  it('agrees with the books to the token, row by row, by model and by attempt', async () => {
    const world = await pricedWorld()
    const wishes = ['nothing', '[[simulate: status=500 times=1]]', '[[simulate: status=400]]', '[[simulate: refusal]]']
    const rows = promptRows(Array.from({ length: 24 }, (_, index) => `${wishes[index % 4]} number ${index}`))
    const { cost, costUsd, usage } = await finish(await startIn(world, provider, rows, { model: MODEL[provider] }))
    const books = await world.server.ledger()
    expect(usage).toMatchObject([{ promptTokens: books.inputTokens, completionTokens: books.outputTokens }])
    const bill = books.inputTokens + books.outputTokens
    expect(costUsd).toBeCloseTo(bill, 6)
    expect(cost).toMatchObject({ models: [{ pricedAsOf: null, priceSource: 'the configuration' }], reservedUsd: 0 })
    expect(cost.synchronousUsd).toBeCloseTo(2 * bill, 6)
    expect(cost.savedUsd).toBeCloseTo(bill, 6)
    expect(sum(cost.attempts.map(({ totalUsd }) => totalUsd))).toBeCloseTo(bill, 6)
    expect(cost.attempts.length).toBeGreaterThan(3)
    expect(sum((await readAnswers(world)).map(({ llm_cost_usd }) => llm_cost_usd))).toBeCloseTo(bill, 6)
    const summary = await readJson(world, 'answers.jsonl.run.json')
    expect(summary.cost.models).toMatchObject([{ model: 'priced', totalUsd: expect.closeTo(bill, 6) }])
  })
})

describe('rows that are asked directly', () => {
  it('cost the full price, and are set aside under the cap like everything else', async () => {
    const world = await pricedWorld({}, { canary: { aboveRequests: 10, requests: 5 } })
    const options = { model: MODEL.openai, maxTokens: 40, budget: { maxCostUsd: 1_000_000 } }
    const { cost, costUsd } = await finish(await startIn(world, 'openai', questions(25), options))
    const books = await world.server.ledger()
    expect(books.directCalls).toBe(5)
    const batched = sum(books.batches.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens))
    const direct = books.inputTokens + books.outputTokens - batched
    expect(costUsd).toBeCloseTo(batched + 2 * direct, 6)
    expect(cost.attempts).toContainEqual({
      batch: expect.any(Number),
      attempt: 1,
      kind: 'direct',
      totalUsd: 2 * direct,
    })
    expect(sum((await readAnswers(world)).map(({ llm_cost_usd }) => llm_cost_usd))).toBeCloseTo(costUsd ?? 0, 6)
  })

  it('are not asked where the cap does not allow it', async () => {
    const world = await pricedWorld({}, { canary: { aboveRequests: 10, requests: 5 } })
    const options = { model: MODEL.openai, maxTokens: 40, budget: { maxCostUsd: 10 } }
    const { run } = await finish(await startIn(world, 'openai', questions(25), options))
    expect(run).toMatchObject({ state: 'held', reason: expect.stringContaining('the cap of $10.00') })
    expect(await world.server.ledger()).toMatchObject({ directCalls: 0, batchesCreated: 0 })
  })
})

function sum(amounts: readonly (number | null)[]): number {
  return amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0)
}

describe('a cap', () => {
  it('holds the run with numbers before it could be exceeded, and goes on when it is raised', async () => {
    const world = await pricedWorld()
    await world.write('rows.jsonl', questions(60))
    const held = await type(world, ...RUN, '--max-tokens', '20', '--max-cost', '700', '--json')
    expectExit(held, 3)
    expect(held.stderr).toMatch(/of the cap of \$700\.00, \$\d+\.\d\d is spent.*resume with --max-cost \d/s)
    const report = JSON.parse(held.stdout)
    expect(report.counts.succeeded).toBeGreaterThan(0)
    expect(report.counts.batched).toBeGreaterThan(0)
    expect(report.batches.every((batch: { stage: string }) => ['collected', 'held'].includes(batch.stage))).toBe(true)
    expect(await billed(world)).toBeLessThanOrEqual(700)
    expect(report.costUsd).toBeCloseTo(await billed(world), 6)

    expectExit(await typeHere(world, 'resume', 'last', '--max-cost', '800', '--quiet'), 3)
    expect(await billed(world)).toBeLessThanOrEqual(800)
    expectExit(await typeHere(world, 'resume', 'last', '--max-cost', '100000', '--quiet'), 0)
    expect((await readFile(join(world.folder, 'out.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(60)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 60, rowsBilledAgain: 0 })
  })

  it('that fits worst cases one after another is waited for, batch by batch', async () => {
    const world = await pricedWorld()
    // Answers are cut at 100 tokens and are far shorter: three worst cases would not fit, three true costs do.
    const run = await startIn(world, 'openai', questions(30), {
      model: MODEL.openai,
      maxTokens: 100,
      budget: { maxCostUsd: 2_000 },
    })
    const { counts, run: record } = await finish(run)
    expect(record.state).toBe('completed')
    expect(counts.succeeded).toBe(30)
    expect(await billed(world)).toBeLessThanOrEqual(2_000)
  })

  it('is kept by the library, which asks nothing, and raised by opening the run again', async () => {
    const world = await pricedWorld({ askAboveUsd: 0 })
    const options = { model: MODEL.openai, maxTokens: 5, budget: { maxCostUsd: 250 } }
    const first = await startIn(world, 'openai', questions(30), options)
    expect(first.estimate).toMatchObject({ requests: 30, mostOutputTokens: 150, cost: { mostUsd: expect.any(Number) } })
    const held = await finish(first)
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringContaining('the cap of $250.00') })
    expect(held.cost.maxUsd).toBe(250)
    expect(await billed(world)).toBeLessThanOrEqual(250)
    const again = await finish(await reopenIn(world, {}, { budget: { maxCostUsd: 5_000 } }))
    expect(again.run.state).toBe('completed')
  })

  it('counts what is sent again, by itself and by retry', async () => {
    const world = await pricedWorld()
    const rows = promptRows(Array.from({ length: 10 }, (_, index) => `[[simulate: length]] number ${index}`))
    await world.write('rows.jsonl', rows)
    expectExit(await typeHere(world, ...RUN, '--max-tokens', '20', '--max-cost', '600', '--quiet'), 4)
    const spent = await billed(world)
    const retry = await typeHere(
      world,
      'retry',
      'last',
      '--status',
      'truncated',
      '--yes',
      '--max-cost',
      String(spent + 100),
    )
    expectExit(retry, 3)
    expect(retry.stderr).toMatch(/\$\d+\.\d\d is spent/)
    expect(await billed(world)).toBe(spent)
  })

  it('tells without --max-tokens by how much it may be overshot', async () => {
    const world = await pricedWorld()
    await world.write('rows.jsonl', questions(20))
    const { stderr } = await typeHere(world, ...RUN, '--max-cost', '1000000')
    expect(stderr).toMatch(
      /cap counts 400 tokens an answer .*assumed.* and 50% more; .*may cost more than the cap: at most \$\d/,
    )
  })

  it('refuses to start on a price that is unknown, and says how to give it', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', questions(3))
    const words = ['run', 'rows.jsonl', '--model', 'openai/my-own', '--prompt', '{{text}}', '-o', 'out.jsonl']
    const refused = await type(world, ...words, '--max-cost', '5')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/price of openai\/my-own is unknown[\s\S]*"prices": \{ "openai\/my-own"/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toEqual([])
    const without = await typeHere(world, ...words)
    expectExit(without, 0)
    expect(without.stderr).toMatch(/price of openai\/my-own is unknown/)
    expect(without.stderr).toMatch(/Cost +unknown/)
    const capped = await typeHere(world, 'resume', 'last', '--max-cost', '5')
    expectExit(capped, 2)
    expect(capped.stderr).toContain('price of openai/my-own is unknown')
  })
})

describe('a budget for each day', () => {
  it('holds for all runs of the home, and tick goes on when the day is over', async () => {
    const world = await pricedWorld({ perDayUsd: 500 })
    await world.write('rows.jsonl', questions(10))
    await world.write('more.jsonl', questions(20, 'm'))
    expectExit(await typeHere(world, ...RUN, '--max-tokens', '20', '--quiet'), 0)
    const second = ['run', 'more.jsonl', ...RUN.slice(2, -1), 'more.out.jsonl', '--max-tokens', '20']
    const held = await typeHere(world, ...second)
    expectExit(held, 3)
    expect(held.stderr).toMatch(/the \$500\.00 of today \(UTC\) for all runs, .*it fits tomorrow/)
    expect(await billed(world)).toBeLessThanOrEqual(500)

    expectExit(await typeHere(world, 'tick'), 3)
    expect(await billed(world)).toBeLessThanOrEqual(500)
    for (let day = 0; day < 3; day += 1) {
      await makeYesterday(world)
      await typeHere(world, 'tick')
      await typeHere(world, 'resume', 'last', '--quiet')
    }
    const answers = parseLines(await readFile(join(world.folder, 'more.out.jsonl'), 'utf8'))
    expect(answers.map(({ llm_status }) => llm_status)).toEqual(Array.from({ length: 20 }, () => 'succeeded'))
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 30, rowsBilledAgain: 0 })
  })
})

/** Moves everything that was spent a day back, and what waits for the next day to now. */
async function makeYesterday(world: LocalWorld): Promise<void> {
  const database = new SqliteDatabase(statePath(world.home), systemClock)
  await database.transaction(async (sql) => {
    await sql.run('update spending set at = at - 86400000')
    await sql.run(`update attempts set next_at = ? where stage = 'held'`, systemClock.now())
  })
  await database.close()
}

describe('the estimate', () => {
  it('is the same in plan and at the start of run, and learns from earlier runs', async () => {
    const world = await pricedWorld()
    await world.write('rows.jsonl', questions(20))
    const words = RUN.slice(1, -2)
    const plan = await type(world, 'plan', ...words, '--max-tokens', '600')
    expectExit(plan, 0)
    expect(plan.stdout).toMatch(/Tokens +about \d+ in, 8,000 out expected, at most 12,000/)
    expect(plan.stdout).toMatch(/Answers +400 tokens each, assumed/)
    expect(plan.stdout).toMatch(/Prices +from the configuration/)
    const estimated = (text: string): string | undefined => /Cost +(.*)/.exec(text)?.[1]
    const run = await typeHere(world, ...RUN, '--max-tokens', '600')
    expectExit(run, 0)
    expect(estimated(run.stderr)).toBe(estimated(plan.stdout))
    const learnt = await typeHere(world, 'plan', ...words)
    expect(learnt.stdout).toMatch(/Answers +\d+ tokens? each, as in earlier answers of this model here/)
  })

  it('counts the rows that are asked directly in plan as at the start of run, with and without them', async () => {
    const world = await pricedWorld({}, { canary: { aboveRequests: 10, requests: 5 } })
    await world.write('rows.jsonl', questions(30))
    const words = [...RUN.slice(1, -2), '--max-tokens', '40']
    const facts = (text: string) => /Requests +(.*)[^]*Cost +(.*)/.exec(text)?.slice(1)
    const plan = await typeHere(world, 'plan', ...words)
    const [requests, cost] = facts(plan.stdout) ?? []
    expect(requests).toBe('5 asked directly first, at the full price; 25 in 3 batches')
    const [alone, cheaper] = facts((await typeHere(world, 'plan', ...words, '--no-canary')).stdout) ?? []
    expect(alone).toBe('30 in 3 batches')
    expect(cheaper).not.toBe(cost)
    const run = await typeHere(world, ...RUN, '--max-tokens', '40')
    expect(run.stderr).toContain(`30 rows. Requests: ${requests}`)
    expect(/Cost +(about.*)/.exec(run.stderr)?.[1]).toBe(cost)
    expect(await world.server.ledger()).toMatchObject({ directCalls: 5, batchesCreated: 3 })
  })

  it('knows what refusals have taught of the queue, and what estimates were worth', async () => {
    const world = await openWorld({
      config: { tokenCount: true },
      queueTokens: 5_000,
      durations: { validateMs: 20, runMs: 20 },
      waits: { poll: '20ms' },
    })
    const rows = questions(100, 'a').replaceAll('nothing', 'the weather in the north '.repeat(12))
    await world.write('rows.jsonl', rows)
    const plan = async () =>
      JSON.parse(
        (await typeHere(world, 'plan', 'rows.jsonl', '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--json'))
          .stdout,
      )
    const before = await plan()
    expect(before).toMatchObject({ batches: 1, targets: [{ queue: null }] })
    const { counts, usage } = await finish(await startIn(world, 'openai', rows))
    expect(counts.succeeded).toBe(100)
    const after = await plan()
    expect(after.targets[0].queue.tokens).toBe(5_000)
    expect(after.batches).toBeGreaterThan(5)
    const actual = usage[0]?.promptTokens ?? 0
    expect(Math.abs(after.tokens / actual - 1)).toBeLessThan(0.05)
    expect(Math.abs(before.tokens / actual - 1)).toBeGreaterThan(Math.abs(after.tokens / actual - 1))
  })

  it('above the sum needs --yes where there is no terminal to ask on, and leaves nothing behind without', async () => {
    const world = await pricedWorld({ askAboveUsd: 10 })
    await world.write('rows.jsonl', questions(5))
    const refused = await type(world, ...RUN, '--quiet')
    expectExit(refused, 2)
    expect(refused.stderr).toMatch(/more than the \$10\.00 .*nothing was sent[\s\S]*--yes/)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toEqual([])
    expectExit(await typeHere(world, 'tick'), 0)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
    expectExit(await typeHere(world, ...RUN, '--yes', '--quiet'), 0)
  })
})

describe('llm-batch runs', () => {
  it('totals what was spent, by month and model, also of runs that were removed', async () => {
    const world = await pricedWorld()
    await world.write('rows.jsonl', questions(10))
    expectExit(await typeHere(world, ...RUN, '--quiet'), 0)
    await world.write('rows.jsonl', questions(3, 'u'))
    const unpriced = ['run', 'rows.jsonl', '--model', 'openai/my-own', '--prompt', '{{text}}', '-o', 'u.jsonl']
    expectExit(await typeHere(world, ...unpriced, '--quiet'), 0)
    const books = await world.server.ledger()
    const { spending } = JSON.parse((await typeHere(world, 'runs', '--json')).stdout)
    const month = new Date(systemClock.now()).toISOString().slice(0, 7)
    expect(spending).toMatchObject({
      unknown: 1,
      reservedUsd: 0,
      months: [
        { month, model: 'my-own', unknown: 1, answers: 3, settledUsd: null },
        { month, model: 'priced', unknown: 0, answers: 10 },
      ],
    })
    const [priced] = books.batches
    expect(spending.settledUsd).toBe((priced?.inputTokens ?? 0) + (priced?.outputTokens ?? 0))
    await typeHere(world, 'runs', 'rm', 'last', '--yes')
    await typeHere(world, 'runs', 'rm', 'last', '--yes')
    const { stdout } = await type(world, 'runs')
    expect(stdout).toMatch(/my-own .* unknown +1$/m)
    expect(stdout).toMatch(/There are no runs[\s\S]*Spent in all: \$[\d,.]+; what 1 batch cost is not known/)
  })
})
