import { describe, expect, it } from 'vitest'
import { type Run, type StartRunOptions, startRun } from '../../src/index.ts'
import { startLocalServer } from '../../src/server/start.ts'
import {
  finalBooks,
  finish,
  PROVIDERS,
  positive,
  promptRows,
  readAnswers,
  readStatuses,
  reopenIn,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const ROWS = 30
const CANARY = { aboveRequests: 20, requests: 10 }

/** A model that refuses any temperature but its own. */
const REFUSED: Partial<StartRunOptions> = { model: 'openai/gpt-6.1-terra', temperature: 0.1 }

function prompts(special: Readonly<Record<number, string>> = {}): string {
  return promptRows(Array.from({ length: ROWS }, (_, index) => special[index] ?? `Question ${index}.`))
}

/** A fault that changes nothing, so that the server counts the calls, unbilled ones too. */
const COUNTED = 'direct=slow(1)'

function openCanaryWorld(options: Parameters<typeof openWorld>[0] = {}): Promise<LocalWorld> {
  return openWorld({ waits: SHORT_WAITS, ...options, config: { canary: CANARY, ...options.config } })
}

/** Starts a run of provider-ready lines. */
async function startReadyMade(world: LocalWorld, rows: string): Promise<Run> {
  const input = await world.write('rows.jsonl', rows)
  return await startRun({ input, config: world.configPath, environment: world.environment })
}

function directCalls(world: LocalWorld): number {
  return world.server.firedFaults().filter(({ call }) => call === 'direct').length
}

describe('the canary of a large run', () => {
  it.each(PROVIDERS)('asks a few rows directly at %s, and their answers are not bought again', async (provider) => {
    const price = { inputUsdPerMillion: 1_000_000, outputUsdPerMillion: 0 }
    const prices = { 'openai/gpt-6-luna': price, 'mistral/mistral-small-latest': price }
    const world = await openCanaryWorld({ config: { prices } })
    const { counts, costUsd } = await finish(await startIn(world, provider, prompts()))
    expect(positive(counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 10, batchesCreated: 1, rowsBilled: 20, repeated: [] })
    const answers = await readAnswers(world)
    expect(answers.map(({ llm_output }) => llm_output?.split(' ').at(-1))).toEqual(
      answers.map((_, index) => `nonce:r-${index}`),
    )
    // The synchronous price for the first ten, half of it for the others.
    const costs = answers.map(({ llm_cost_usd, llm_prompt_tokens }) => (llm_cost_usd ?? 0) / (llm_prompt_tokens ?? 1))
    expect(costs).toEqual(answers.map((_, index) => (index < 10 ? 1 : 0.5)))
    expect(costUsd).toBeCloseTo(
      answers.reduce((sum, { llm_cost_usd }) => sum + (llm_cost_usd ?? 0), 0),
      6,
    )
  })

  it.each([
    ['a run is small', { canary: { aboveRequests: ROWS } }],
    ['it is turned off', { canary: false }],
  ])('is not there where %s', async (_, config) => {
    const world = await openCanaryWorld({ config })
    expect((await finish(await startIn(world, 'openai', prompts()))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, batchesCreated: 1, rowsBilled: ROWS })
  })

  it.each([
    ['the parameters (F09)', REFUSED, 'unsupported_value'],
    ['the model (F11)', { model: 'openai/no-such-model' }, 'model_not_found'],
  ])('holds the run before anything is bought where the API refuses %s', async (_, options, code) => {
    const world = await openCanaryWorld({ faults: [COUNTED] })
    const { counts, run } = await finish(await startIn(world, 'openai', prompts(), options))
    expect(run).toMatchObject({ state: 'held', reason: expect.stringContaining(code) })
    expect(run.reason).toMatch(/10 of the 10 rows .* nothing was bought in batches.*canary: false/)
    expect(positive(counts)).toEqual({ batched: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, batchesCreated: 0 })
    expect(directCalls(world)).toBe(10)
  })

  it('asks again when the run is resumed, and lets the batches go once it is answered', async () => {
    const world = await openCanaryWorld({ faults: ['direct=status(404)'] })
    expect((await finish(await startIn(world, 'openai', prompts()))).run.state).toBe('held')
    expect((await finish(await reopenIn(world))).run.state).toBe('held')
    expect(directCalls(world)).toBe(20)
    world.server.setFaults([])
    const { attempts, counts } = await finish(await reopenIn(world))
    expect(positive(counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 10, rowsBilled: 20, repeated: [] })
    expect(attempts.map(({ kind, stage }) => [kind, stage])).toEqual([
      ['batch', 'collected'],
      ['direct', 'rejected'],
      ['direct', 'rejected'],
      ['direct', 'collected'],
    ])
  })

  it('keeps the answers it has when most of the others are refused', async () => {
    const world = await openCanaryWorld({ faults: ['direct:3+=status(400)'] })
    const held = await finish(await startIn(world, 'openai', prompts()))
    expect(held.run.state).toBe('held')
    expect(positive(held.counts)).toEqual({ succeeded: 2, batched: ROWS - 2 })
    world.server.setFaults([])
    expect(positive((await finish(await reopenIn(world))).counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 10, rowsBilled: 20, repeated: [] })
  })

  it('does not stop a run for refused content, cut answers or a few bad rows', async () => {
    const special = {
      0: '[[simulate: refusal]]',
      1: '[[simulate: content_filter]]',
      2: '[[simulate: length]]',
      3: '[[simulate: status=400]]',
      4: '[[simulate: empty]]',
      5: '[[simulate: length]]',
    }
    const world = await openCanaryWorld()
    const { counts, run } = await finish(await startIn(world, 'openai', prompts(special)))
    expect(run.state).toBe('completed')
    expect(positive(counts)).toEqual({ succeeded: 24, refused: 2, truncated: 2, failed: 2 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 9, rowsBilled: 20, repeated: [] })
  })

  it.each(['status(401)', 'status(402)'])('holds the run where the account is refused: %s', async (fault) => {
    const world = await openCanaryWorld({ faults: [`direct=${fault}`] })
    const held = await finish(await startIn(world, 'openai', prompts()))
    expect(held.run.state).toBe('held')
    expect(await finalBooks(world)).toMatchObject({ directCalls: 0, batchesCreated: 0 })
    world.server.setFaults([])
    expect(positive((await finish(await reopenIn(world))).counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 10, rowsBilled: 20, repeated: [] })
  })

  it.each([
    ['accept-then-reset', 1],
    ['accept-then-500', 1],
    ['half-json', 1],
    ['html-answer', 1],
    ['reset', 0],
  ])('never sends a row again whose answer was not clear: %s', async (fault, billed) => {
    const world = await openCanaryWorld({ faults: [`direct:1=${fault}`] })
    const { counts } = await finish(await startIn(world, 'openai', prompts()))
    expect(positive(counts)).toEqual({ succeeded: ROWS - 1, missing: 1 })
    expect(await readStatuses(world)).toEqual(['missing', ...Array.from({ length: ROWS - 1 }, () => 'succeeded')])
    // The other nine were not asked: a second answer might have been lost in the same way.
    expect(await finalBooks(world)).toMatchObject({ directCalls: billed, rowsBilled: ROWS - 1, repeated: [] })
  })

  it('asks once more where a call was certainly not executed', async () => {
    const world = await openCanaryWorld({ faults: ['direct:1=status(429)'] })
    expect(positive((await finish(await startIn(world, 'openai', prompts()))).counts)).toEqual({ succeeded: ROWS })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 10, rowsBilled: 20, repeated: [] })
  })

  it('waits for the network, and has lost no row when it comes back', async () => {
    const world = await openCanaryWorld()
    const run = await startIn(world, 'openai', prompts())
    const port = Number(new URL(world.server.url).port)
    await world.server.close()
    const troubled = new Promise<void>((resolve) => {
      run.on('event', ({ type }) => {
        if (type === 'warning') resolve()
      })
    })
    const finished = run.finished()
    await troubled
    const server = await startLocalServer({ folder: `${world.folder}/server`, port, seed: 1 })
    try {
      expect(positive((await finished).counts)).toEqual({ succeeded: ROWS })
      expect(await server.ledger()).toMatchObject({ directCalls: 10, rowsBilled: 20, repeated: [] })
    } finally {
      await run.close()
      await server.close()
    }
  })

  it('asks rows of every set of parameters, and stops for the one that is refused', async () => {
    const line = (index: number): string =>
      JSON.stringify({
        custom_id: `r${index}`,
        body: {
          model: 'gpt-6.1-terra',
          ...(index % 2 === 0 ? {} : { temperature: 0.2 }),
          messages: [{ role: 'user', content: `Question ${index}. nonce:r-${index}` }],
        },
      })
    const rows = Array.from({ length: ROWS }, (_, index) => line(index)).join('\n')
    const world = await openCanaryWorld()
    const held = await finish(await startReadyMade(world, rows))
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringContaining('unsupported_value') })
    expect(positive(held.counts)).toEqual({ succeeded: 10, batched: ROWS - 10 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 10, batchesCreated: 0 })
  })

  it('is cancelled with its run, which keeps what was answered', async () => {
    const world = await openCanaryWorld({ faults: ['direct:3+=status(400)'] })
    await finish(await startIn(world, 'openai', prompts()))
    const run = await reopenIn(world)
    const { counts, run: record } = await run.cancel()
    await run.close()
    expect(record.state).toBe('cancelled')
    expect(positive(counts)).toEqual({ succeeded: 2, cancelled: ROWS - 2 })
    expect(await finalBooks(world)).toMatchObject({ directCalls: 2, batchesCreated: 0 })
  })
})
