import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/index.ts'
import { expectExit, parseLines, type, typedFirst, typeHere } from '../support/command.ts'
import {
  finalBooks,
  finish,
  MODELS,
  PROVIDERS,
  positive,
  readAnswers,
  reopenIn,
  startIn,
} from '../support/fault-run.ts'
import { openWorld } from '../support/local-world.ts'

const FIXED_MODELS = {
  openai: { '/v1/embeddings': 'text-embedding-3-small', '/v1/moderations': 'omni-moderation-latest' },
  mistral: { '/v1/embeddings': 'mistral-embed', '/v1/moderations': 'mistral-moderation-latest' },
} as const

/** Models that take a temperature; those that reason refuse it. */
const CHOOSING = { openai: { model: 'openai/my-chat-model' }, mistral: {} } as const
const PRICES = { 'openai/my-chat-model': { inputUsdPerMillion: 1, outputUsdPerMillion: 1 } }

/** Three questions, asked by these rows. */
const ASKED = [0, 1, 0, 2, 0, 1]

const rows = (asked: readonly number[] = ASKED): string =>
  asked
    .map((question, id) => `${JSON.stringify({ id: `r${id}`, text: `Question ${question}. nonce:n-${question}` })}\n`)
    .join('')

const total = (lines: readonly (number | null)[]): number => lines.reduce<number>((sum, value) => sum + (value ?? 0), 0)

describe.each(PROVIDERS)('the same question at %s', (provider) => {
  it('is paid once at a temperature of 0, and every row has the answer', async () => {
    const world = await openWorld({ config: { prices: PRICES } })
    const { counts, run, costUsd } = await finish(
      await startIn(world, provider, rows(), { ...CHOOSING[provider], temperature: 0 }),
    )
    expect(positive(counts)).toEqual({ succeeded: 6 })
    expect([run.rowCount, run.requestCount]).toEqual([6, 3])
    const lines = await readAnswers(world)
    expect(lines.map(({ id }) => id)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5'])
    expect(lines.map(({ llm_output: output }) => output)).toEqual(
      ASKED.map((question) => lines[[0, 1, 3][question] ?? 0]?.llm_output),
    )
    expect(lines.map(({ llm_cost_usd: cost }) => cost === 0)).toEqual([false, false, true, false, true, true])
    expect(total(lines.map(({ llm_cost_usd: cost }) => cost))).toBeCloseTo(costUsd ?? 0, 12)
    const books = await finalBooks(world)
    expect(books).toMatchObject({ rowsBilled: 3, rowsBilledAgain: 0 })
    expect(total(lines.map(({ llm_prompt_tokens: tokens }) => tokens))).toBe(books.inputTokens)
  })

  it('is asked for each row at any other temperature, but for --dedupe', async () => {
    const world = await openWorld()
    await finish(
      await startIn(world, provider, rows(), {
        ...CHOOSING[provider],
        temperature: 0.5,
        output: join(world.folder, 'a.jsonl'),
      }),
    )
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 6 })
    await finish(await startIn(world, provider, rows(), { ...CHOOSING[provider], temperature: 0.4, dedupe: true }))
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 9 })
    await finish(
      await startIn(world, provider, rows(), {
        ...CHOOSING[provider],
        temperature: 0,
        dedupe: false,
        output: join(world.folder, 'b.jsonl'),
      }),
    )
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 15 })
  })

  it.each(['/v1/embeddings', '/v1/moderations'] as const)('is paid once at %s', async (url) => {
    const world = await openWorld()
    const model = FIXED_MODELS[provider][url]
    const lines = ASKED.map((question, id) =>
      JSON.stringify({ custom_id: `c${id}`, method: 'POST', url, body: { model, input: `Text ${question}` } }),
    )
    const run = await startRun({
      input: await world.write('lines.jsonl', `${lines.join('\n')}\n`),
      provider,
      config: world.configPath,
      environment: world.environment,
    })
    const { counts } = await finish(run)
    expect(positive(counts)).toEqual({ succeeded: 6 })
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 3 })
  })
})

const SCHEMA = {
  type: 'object',
  properties: { label: { type: 'string', enum: ['billing', 'support'] } },
  required: ['label'],
}

describe.each(PROVIDERS)('an answer that several rows share at %s', (provider) => {
  it('is asked for again once where it does not fit, and the first row bears the cost of all turns', async () => {
    const world = await openWorld({
      config: { prices: { [MODELS[provider]]: { inputUsdPerMillion: 2e6, outputUsdPerMillion: 2e6 } } },
    })
    const text = (question: number) => `[[simulate: invalid_json times=${question}]] support nonce:s-${question}`
    const input = ASKED.map((question, id) => `${JSON.stringify({ id: `r${id}`, text: text(question) })}\n`).join('')
    const run = await startIn(world, provider, input, { dedupe: true, schema: SCHEMA, reask: 2 } as object)
    const results = []
    try {
      const { checked, costUsd, counts } = await run.finished()
      expect(positive(counts)).toEqual({ succeeded: 6 })
      // Question 0 is answered at once; question 1, of two rows, needs two turns, and question 2 needs three.
      expect(checked?.reasked).toEqual({ rows: 3, requests: 3 })
      const books = await finalBooks(world)
      expect(books).toMatchObject({ rowsBilled: 6, batchesCreated: 3 })
      expect(costUsd).toBeCloseTo(books.inputTokens + books.outputTokens, 6)
      for await (const result of run.results()) results.push(result)
    } finally {
      await run.close()
    }
    expect(results.map(({ turns }) => turns)).toEqual(ASKED.map((question) => question + 1))
    expect(results.map(({ boughtFor }) => boughtFor === 'this_row')).toEqual([true, true, false, true, false, false])
    const shared = results.filter(({ boughtFor }) => boughtFor === 'earlier_row')
    expect(shared.map(({ costUsd, earlier }) => [costUsd, ...earlier.map((one) => one.costUsd)])).toEqual([
      [0],
      [0],
      [0, 0],
    ])
    const { inputTokens, outputTokens } = await finalBooks(world)
    expect(total(results.map(({ costUsd }) => costUsd))).toBeCloseTo(inputTokens + outputTokens, 6)
    const lines = await readAnswers(world)
    const tokens = lines.map(({ llm_prompt_tokens: prompt }) => prompt)
    expect(total(tokens)).toBe(inputTokens)
  })
})

/** Endpoints by their names, and how rows are asked there. */
const FIXED_WORDS = [
  ['openai', 'embeddings', '--text-column', 'text'],
  ['openai', 'moderations', '--text-column', 'text'],
  ['mistral', 'embeddings', '--text-column', 'text'],
  ['mistral', 'moderations', '--text-column', 'text'],
  ['mistral', 'classifications', '--text-column', 'text'],
  ['mistral', 'chat-classifications', '--prompt', '{{text}}'],
] as const

describe('--endpoint', () => {
  it.each(FIXED_WORDS)('sends the same question once at %s %s %s %s', async (provider, endpoint, flag, column) => {
    const carryOut = typedFirst(
      FIXED_WORDS.map(([, first]) => first),
      endpoint,
    )
    const world = await openWorld()
    await world.write('rows.jsonl', rows())
    const request = ['--model', MODELS[provider], '--endpoint', endpoint, flag, column]
    expectExit(await carryOut(world, 'run', 'rows.jsonl', ...request, '--yes', '-o', 'answers.jsonl'), 0)
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 3 })
    const outputs = (await readAnswers(world)).map(({ llm_output: output }) => JSON.stringify(output))
    expect(outputs).toEqual(ASKED.map((question) => outputs[[0, 1, 3][question] ?? 0]))
  })
})

describe('shared requests', () => {
  it('fan out over batches that are closed, and over those that are cut', async () => {
    const world = await openWorld({ config: { limits: { maxRequests: 2 } } })
    const asked = [0, 1, 2, 0, 3, 4, 1, 4, 0]
    const { counts, attempts } = await finish(await startIn(world, 'openai', rows(asked), { dedupe: true }))
    expect(positive(counts)).toEqual({ succeeded: 9 })
    expect(attempts).toHaveLength(3)
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 5 })
  })

  it('fail together, are counted as rows, and are sent again once', async () => {
    const world = await openWorld()
    const text = '{"text":"[[simulate:status=400]]"}\n'
    const { counts, failures } = await finish(await startIn(world, 'openai', text.repeat(4), { dedupe: true }))
    expect(positive(counts)).toEqual({ failed: 4 })
    expect(failures).toMatchObject([{ status: 'failed', count: 4 }])
    const retried = await typeHere(world, 'retry', 'last', '--force')
    expectExit(retried, 4)
    expect(retried.stderr).toContain('sending 4 failed rows again')
    expect((await world.server.ledger()).batches.map(({ rows: sent }) => sent)).toEqual([1, 1])
  })

  it('are all cancelled with their request', async () => {
    const world = await openWorld({ durations: { runMs: 60_000 } })
    const run = await startIn(world, 'openai', rows(), { dedupe: true })
    await run.cancel()
    await run.close()
    const reopened = await reopenIn(world)
    const progress = await reopened.progress()
    await reopened.close()
    expect(positive(progress.counts)).toEqual({ cancelled: 6 })
    expect(progress).toMatchObject({ done: 6, total: 6, shared: 3, carried: 0 })
  })

  it('make no other work: the same rows are found again, however they are bought', async () => {
    const world = await openWorld()
    await finish(await startIn(world, 'openai', rows(), { dedupe: true }))
    await expect(
      startIn(world, 'openai', rows(), { dedupe: false, output: join(world.folder, 'b.jsonl') }),
    ).rejects.toMatchObject({
      code: 'already_finished',
    })
  })

  it('are shown by plan and status, and plan tells what --dedupe would save', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', rows())
    const words = ['rows.jsonl', '--model', MODELS.openai, '--prompt', '{{text}}']
    const plan = await typeHere(world, 'plan', ...words)
    expect(plan.stdout).toMatch(
      /3 rows ask exactly what an earlier row asks; --dedupe would pay for it once, and save about \$/,
    )
    const deduped = await typeHere(world, 'plan', ...words, '--dedupe', '--json')
    expect(JSON.parse(deduped.stdout)).toMatchObject({
      rows: 6,
      requests: 3,
      sharing: { carried: null, shared: { rows: 3 }, sharable: { rows: 0 } },
    })
    const run = await type(world, 'run', ...words, '--dedupe', '--yes', '-o', 'out.csv')
    expectExit(run, 0)
    expect(run.stderr).toMatch(/Shared +3 rows with the request of an earlier row/)
    const summary = JSON.parse(await readFile(join(world.folder, 'out.csv.run.json'), 'utf8')) as object
    expect(summary).toMatchObject({ input: { rows: 6, requests: 3 }, counts: { succeeded: 6 } })
    expect(parseLines(rows())).toHaveLength(6)
  })
})
