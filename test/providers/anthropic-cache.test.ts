// Priming of Anthropic's cache by the built command; the local server keeps what marks have written and reads it again.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { startRun } from '../../src/index.ts'
import { expectExit, parseLines, start, type, typeHere } from '../support/command.ts'
import { SHORT_LIMITS, SHORT_WAITS } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const MODEL = 'anthropic/claude-sonnet-4-5'
const ROWS = 20

/** About 2,000 tokens, where the model keeps beginnings of 1,024 and more. */
const RULES = 'Bills are paid within a month. '.repeat(260)

async function commandIn(world: LocalWorld, ...more: readonly string[]): Promise<readonly string[]> {
  await world.write('rows.jsonl', questions(ROWS))
  await world.write('prompt.txt', `${RULES}\n\nClassify: {{text}}`)
  const flags = ['--model', MODEL, '--prompt-file', 'prompt.txt', '--max-tokens', '50', '--no-canary']
  return ['rows.jsonl', ...flags, '--config', world.configPath, ...more]
}

function answersIn(world: LocalWorld): Promise<readonly Record<string, unknown>[]> {
  return readFile(join(world.folder, 'out.jsonl'), 'utf8').then(parseLines)
}

interface Spent {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
}

async function spentBy(world: LocalWorld): Promise<Spent & { readonly usd: number }> {
  const { stdout } = await typeHere(world, 'status', 'last', '--json', '--config', world.configPath)
  const { cost, usage } = JSON.parse(stdout) as {
    readonly cost: { readonly totalUsd: number }
    readonly usage: Spent[]
  }
  const [spent] = usage
  if (!spent) throw new Error('the run has used nothing')
  return { ...spent, usd: cost.totalUsd }
}

describe('a run that primes the cache', () => {
  it('writes the shared beginning once and reads it for every other row, which costs less', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const words = await commandIn(world, '--yes', '-o', 'out.jsonl')
    expectExit(await typeHere(world, 'run', ...words, '--name', 'plain'), 0)
    const plain = await spentBy(world)
    expect(plain).toMatchObject({ cachedTokens: 0, cacheWriteTokens: 0 })
    const other = await openWorld({ waits: SHORT_WAITS })
    const run = await type(other, 'run', ...(await commandIn(other, '--yes', '-o', 'out.jsonl', '--prime-cache')))
    expectExit(run, 0)
    const primed = await spentBy(other)
    const beginning = primed.cacheWriteTokens
    expect(beginning).toBeGreaterThan(1_900)
    expect(primed.cachedTokens).toBe(beginning * (ROWS - 1))
    expect(run.stderr + run.stdout).toContain('written to the cache')
    // Three dollars a million, halved; written for twice that, read for a tenth.
    const usual = (primed.promptTokens - beginning * ROWS) * 1.5 + beginning * (2 * 1.5 + (ROWS - 1) * 0.15)
    expect(primed.usd - usual / 1_000_000).toBeLessThan(ROWS * 50 * 7.5e-6)
    expect(primed.usd).toBeLessThan(plain.usd / 2)
    const { batches, rowsBilled, rowsBilledAgain } = await other.server.ledger()
    expect({ rowsBilled, rowsBilledAgain }).toEqual({ rowsBilled: ROWS, rowsBilledAgain: 0 })
    expect(batches.map(({ rows }) => rows)).toEqual([1, ROWS - 1])
    expect((await answersIn(other)).every(({ llm_status }) => llm_status === 'succeeded')).toBe(true)
  })

  it('primes each beginning of rows with messages of their own, and marks none that few share', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const system = ['bills', 'loans', 'rare'].map((topic) => `${RULES} This is about ${topic}.`)
    const rows = Array.from({ length: 12 }, (_, index) => ({
      messages: [
        { role: 'system', content: system[index === 5 ? 2 : index % 2] },
        { role: 'user', content: `Question ${index} nonce:m${index}` },
      ],
    }))
    await world.write('chats.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))
    const words = ['chats.jsonl', '--model', MODEL, '--no-canary', '--yes', '-o', 'out.jsonl']
    expectExit(await typeHere(world, 'run', ...words, '--prime-cache', '--config', world.configPath), 0)
    const { cachedTokens, cacheWriteTokens } = await spentBy(world)
    expect(cachedTokens / cacheWriteTokens).toBeCloseTo(9 / 2, 1)
    expect((await world.server.ledger()).batches.map(({ rows: size }) => size)).toEqual([2, 10])
  })

  it('that dies while the priming batch is open goes on with it, and buys nothing twice', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['get=batch-status(in_progress)'] })
    const words = await commandIn(world, '--yes', '-o', 'out.jsonl', '--prime-cache')
    const killed = start(world, ['run', ...words])
    await vi.waitFor(async () => expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1 }), PATIENCE)
    killed.process.kill('SIGKILL')
    await killed.ended
    world.server.setFaults([])
    expectExit(await typeHere(world, 'resume', 'last', '--config', world.configPath), 0)
    const books = await world.server.ledger()
    expect(books).toMatchObject({ batchesCreated: 2, rowsBilled: ROWS, rowsBilledAgain: 0 })
    const { cachedTokens, cacheWriteTokens } = await spentBy(world)
    expect(cachedTokens).toBe(cacheWriteTokens * (ROWS - 1))
  })

  it('sends nothing else while it is unknown whether the priming batch was created', async () => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults: ['create:1=accept-then-reset'] })
    expectExit(
      await typeHere(world, 'run', ...(await commandIn(world, '--yes', '-o', 'out.jsonl', '--prime-cache'))),
      0,
    )
    expect((await world.server.ledger()).batches.map(({ rows }) => rows)).toEqual([1, ROWS - 1])
    const { cachedTokens, cacheWriteTokens } = await spentBy(world)
    expect(cachedTokens).toBe(cacheWriteTokens * (ROWS - 1))
  })

  it.each([
    ['its row fails', 'nonce:q-0', '[[simulate: status=400]] nonce:q-0', []],
    ['its create is held', '', '', ['create:1=reset']],
  ])('goes on with the other rows where %s', async (_, part, other, faults) => {
    const world = await openWorld({ waits: SHORT_LIMITS, faults })
    const words = await commandIn(world, '--yes', '-o', 'out.jsonl', '--prime-cache')
    await world.write('rows.jsonl', questions(ROWS).replace(part, other))
    const run = await typeHere(world, 'run', ...words)
    expect(run.code).toBe(faults.length === 0 ? 4 : 3)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: ROWS - 1, rowsBilledAgain: 0 })
  })

  it('comes after a canary, and before everything else', async () => {
    const config = { canary: { aboveRequests: 10, requests: 2 }, limits: { maxRequests: 8 } }
    const world = await openWorld({ waits: SHORT_WAITS, config, faults: ['direct:1=status(429)'] })
    const words = (await commandIn(world, '--yes', '-o', 'out.jsonl', '--prime-cache')).filter(
      (word) => word !== '--no-canary',
    )
    expectExit(await typeHere(world, 'run', ...words), 0)
    const { batches, directCalls, rowsBilledAgain } = await world.server.ledger()
    expect({ directCalls, rowsBilledAgain }).toEqual({ directCalls: 2, rowsBilledAgain: 0 })
    expect(batches[0]).toMatchObject({ rows: 1 })
    expect(batches.slice(1).reduce((sum, { rows }) => sum + rows, 0)).toBe(ROWS - 3)
  })

  it('sends nothing but the first batch with --no-wait, and the others with resume', async () => {
    const world = await openWorld({ waits: SHORT_WAITS, faults: ['get=batch-status(in_progress)'] })
    const words = await commandIn(world, '--yes', '-o', 'out.jsonl', '--prime-cache', '--no-wait')
    expectExit(await typeHere(world, 'run', ...words), 75)
    expect((await world.server.ledger()).batches.map(({ rows }) => rows)).toEqual([1])
    world.server.setFaults([])
    expectExit(await typeHere(world, 'resume', 'last', '--config', world.configPath), 0)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('marks nothing that a later retry sends, which no cache may hold any more', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const words = await commandIn(world, '--yes', '-o', 'out.jsonl', '--prime-cache')
    await world.write('rows.jsonl', questions(ROWS).replace('nonce:q-9', '[[simulate: status=400 times=1]] nonce:q-9'))
    expectExit(await typeHere(world, 'run', ...words), 4)
    const before = await spentBy(world)
    expectExit(await typeHere(world, 'retry', 'last', '--yes', '--config', world.configPath), 0)
    const after = await spentBy(world)
    expect(after.promptTokens).toBeGreaterThan(before.promptTokens + before.cacheWriteTokens)
    expect(after).toMatchObject({ cachedTokens: before.cachedTokens, cacheWriteTokens: before.cacheWriteTokens })
  })

  it('is what a job file and a program ask for in the same words', async () => {
    const world = await openWorld()
    const words = await commandIn(world)
    const job = { input: 'rows.jsonl', model: MODEL, prompt: `${RULES}Classify: {{text}}`, primeCache: true }
    await world.write('job.yaml', JSON.stringify(job))
    expect((await typeHere(world, 'plan', 'job.yaml')).stdout).toContain('1 request sent first to fill the cache')
    const place = { config: world.configPath, environment: world.environment }
    const input = join(world.folder, String(words[0]))
    await using run = await startRun({ ...job, ...place, input, output: join(world.folder, 'out.jsonl') })
    expect(run.estimate?.promptCache).toMatchObject({ isPrimed: true, prefixes: 1, requests: ROWS })
  })

  it('is held where a cap leaves no room for every other request to write', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const words = await commandIn(world, '--yes', '-o', 'out.jsonl', '--max-cost', '0.1')
    expectExit(await typeHere(world, 'run', ...words, '--prime-cache'), 3)
    expect((await world.server.ledger()).batches.map(({ rows }) => rows)).toEqual([1])
    expectExit(await typeHere(world, 'resume', 'last', '--max-cost', '1', '--config', world.configPath), 0)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('is the same work as without, and its answers are carried over', async () => {
    const world = await openWorld({ waits: SHORT_WAITS })
    const words = await commandIn(world, '--yes')
    expectExit(await typeHere(world, 'run', ...words, '-o', 'out.jsonl', '--prime-cache'), 0)
    const again = await typeHere(world, 'run', ...words, '-o', 'again.jsonl')
    expect(again.stderr).toContain('already')
    await world.write('rows.jsonl', questions(ROWS + 1))
    expectExit(await typeHere(world, 'run', ...words, '-o', 'more.jsonl', '--since', 'last'), 0)
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: ROWS + 1, rowsBilledAgain: 0 })
  })
})

describe('a plan', () => {
  it('says what priming would save, and with it what is sent first and what it costs at most', async () => {
    const world = await openWorld()
    const words = await commandIn(world)
    const plain = await typeHere(world, 'plan', ...words)
    expect(plain.stdout).toMatch(
      /Cache +20 requests have 1 shared beginning, about 40,\d{3} tokens or \d\d % of the input; --prime-cache would save about \$0\.05/,
    )
    const primed = await typeHere(world, 'plan', ...words, '--prime-cache')
    expect(primed.stdout).toMatch(/1 request sent first to fill the cache, to save about \$0\.05/)
    expect(primed.stdout).toMatch(/Requests +20 in 2 batches/)
    const [without, primedPlan] = await Promise.all(
      [[], ['--prime-cache']].map(async (more) =>
        JSON.parse((await typeHere(world, 'plan', ...words, ...more, '--json')).stdout),
      ),
    )
    expect(without.promptCache).toMatchObject({
      isPrimed: false,
      prefixes: 1,
      requests: ROWS,
      savedUsd: expect.any(Number),
    })
    const { share: _, ...saving } = without.promptCache
    expect(primedPlan.promptCache).toMatchObject({ ...saving, isPrimed: true })
    expect(primedPlan.cost.expectedUsd).toBeCloseTo(without.cost.expectedUsd - saving.savedUsd, 3)
    expect(primedPlan.cost.mostUsd).toBeCloseTo(without.cost.mostUsd + (saving.tokens * 1.5) / 1e6, 3)
    expect(primedPlan.firstRequest).toEqual(without.firstRequest)
  })

  it('tells tokens alone where a price is unknown, and nothing where too little is shared', async () => {
    const world = await openWorld()
    const words = await commandIn(world)
    const unknown = await typeHere(world, 'plan', ...words, '--model', 'anthropic/claude-unheard-7')
    expect(unknown.stdout).not.toContain('--prime-cache')
    await world.write('prompt.txt', `${RULES}${RULES}${RULES}Classify: {{text}}`)
    const long = await typeHere(world, 'plan', ...words, '--model', 'anthropic/claude-unheard-7')
    expect(long.stdout).toContain('--prime-cache would save an unknown sum')
    await world.write('prompt.txt', 'Classify: {{text}}')
    expect((await typeHere(world, 'plan', ...words)).stdout).not.toContain('Cache')
    expect((await typeHere(world, 'plan', ...words, '--prime-cache')).stdout).toContain('nothing is sent first')
  })

  it.each(['openai/gpt-6.1-terra', 'mistral/mistral-small-latest', 'gemini/gemini-3-flash'])(
    'and a run refuse it at %s, where no saving is known',
    async (model) => {
      const world = await openWorld()
      const words = await commandIn(world, '--prime-cache', '--model', model)
      for (const command of [['plan'], ['run', '--yes', '-o', 'out.jsonl']]) {
        const refused = await typeHere(world, ...command, ...words)
        expect(refused).toMatchObject({
          code: 2,
          stderr: expect.stringContaining('--prime-cache saves nothing that is known'),
        })
      }
      expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, directCalls: 0 })
    },
  )
})
