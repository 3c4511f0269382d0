import { describe, expect, it, vi } from 'vitest'
import { openRun } from '../../src/index.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { systemDisk } from '../../src/lib/disk.ts'
import { openFolderStore } from '../../src/store/folder/folder-store.ts'
import type { AttemptRecord, AttemptUsage } from '../../src/store/port/attempt.ts'
import { expectExit, start } from '../support/command.ts'
import { finalBooks, finish, startIn } from '../support/fault-run.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

const LIMIT = 4_000

/** Between the instant that a process writes beside a refusal and the end of the transaction that others see. */
const NOTING_MS = 1_000

/** Rows of about fifty tokens each. */
function rows(count: number, prefix: string): string {
  const lines = questions(count, prefix).trimEnd().split('\n')
  return lines.map((line) => line.replace('about nothing', `about ${'the weather in the north '.repeat(7)}`)).join('\n')
}

/** An attempt, and when it last asked for admission; null where it never did. */
type Admitted = AttemptRecord & { readonly askedAt: number | null }

/** Every attempt of every run in the world's home. */
async function attemptsOf(world: LocalWorld) {
  const store = await openFolderStore({ home: world.home, disk: systemDisk, clock: systemClock })
  try {
    const all: Admitted[] = []
    for (const { id } of await store.listRuns()) {
      const run = store.read(id)
      for (const attempt of await run.allAttempts()) {
        all.push({ ...attempt, askedAt: (await run.intents(attempt.key)).at(-1)?.at ?? null })
      }
    }
    const belief = await store.read((await store.listRuns())[0]?.id ?? '').queueBelief(TARGET)
    return { attempts: all, usage: all.flatMap(({ usage }) => usage), belief }
  } finally {
    await store.close()
  }
}

const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6-luna' }

function stagesOf({ attempts }: { readonly attempts: readonly AttemptRecord[] }): readonly string[] {
  return [...new Set(attempts.map(({ stage }) => stage))].sort()
}

/** The most true tokens that were queued together, of what asked since an instant; a row's tokens are all alike here. */
function peakTokens(attempts: readonly Admitted[], usage: readonly AttemptUsage[], since: number): number {
  const results = usage.reduce((sum, one) => sum + one.results, 0)
  const perRow = usage.reduce((sum, one) => sum + one.promptTokens, 0) / results
  const queued = attempts.filter(({ askedAt, stage }) => stage === 'collected' && (askedAt ?? 0) >= since)
  const loads = queued.map(({ submittedAt: at }) =>
    queued
      .filter(({ endedAt, submittedAt }) => (submittedAt ?? 0) <= (at ?? 0) && (endedAt ?? 0) > (at ?? 0))
      .reduce((sum, { requestCount }) => sum + requestCount * perRow, 0),
  )
  return Math.max(0, ...loads)
}

describe('three runs in two processes that share one queue', () => {
  it.each([
    ['known from the configuration', { models: { 'openai/gpt-6-luna': { limits: { queueTokens: LIMIT } } } }],
    ['learnt from refusals that come late', {}],
  ])('finish without help under a limit %s', async (_, config) => {
    const world = await openWorld({
      queueTokens: LIMIT,
      durations: { validateMs: 60, runMs: 60 },
      waits: { poll: '50ms' },
      config: { tokenCount: true, ...config },
    })
    const path = await world.write('third.jsonl', rows(40, 'c'))
    const words = ['run', path, '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--yes']
    const third = start(world, [...words, '-o', `${world.folder}/third-answers.jsonl`])
    const first = await startIn(world, 'openai', rows(60, 'a'), { output: `${world.folder}/a.jsonl` })
    const second = await startIn(world, 'openai', rows(40, 'b'), { output: `${world.folder}/b.jsonl` })
    const finished = await Promise.all([finish(first), finish(second)])
    expectExit(await third.ended, 0)

    expect(finished.map(({ counts }) => counts.succeeded)).toEqual([60, 40])
    const { attempts, belief, usage } = await attemptsOf(world)
    const refused = attempts.filter(({ stage }) => stage === 'rejected')
    const isConfigured = 'models' in config
    expect(refused.length > 0).toBe(!isConfigured)
    expect(belief?.tokens ?? null).toBe(isConfigured ? null : LIMIT)
    const knownAt = isConfigured ? 0 : Math.min(...refused.map(({ endedAt }) => endedAt ?? 0)) + NOTING_MS
    expect(peakTokens(attempts, usage, knownAt)).toBeLessThanOrEqual(LIMIT)
    // Only what asked before the limit was known may have been refused.
    expect(refused.filter(({ askedAt }) => (askedAt ?? 0) > knownAt)).toEqual([])
    const books = await finalBooks(world)
    expect(books).toMatchObject({ rowsBilled: 140, rowsBilledAgain: 0 })
    expect(usage.reduce((sum, one) => sum + one.promptTokens, 0)).toBe(books.inputTokens)
    expect(usage.reduce((sum, one) => sum + one.completionTokens, 0)).toBe(books.outputTokens)
  })
})

describe('three runs in two processes that share the budget of a day', () => {
  it('never spend more than it together, and are held with the numbers', async () => {
    const price = { inputUsdPerMillion: 2_000_000, outputUsdPerMillion: 2_000_000 }
    const world = await openWorld({
      durations: { validateMs: 30, runMs: 60 },
      config: {
        tokenCount: true,
        prices: { 'openai/gpt-6-luna': price },
        limits: { maxRequests: 5 },
        budget: { perDayUsd: 1_000, askAboveUsd: 1_000_000 },
      },
    })
    const path = await world.write('third.jsonl', questions(20, 'c'))
    const words = ['run', path, '--model', 'openai/gpt-6-luna', '--prompt', '{{text}}', '--max-tokens', '20', '--quiet']
    const third = start(world, [...words, '-o', `${world.folder}/third-answers.jsonl`])
    const first = await startIn(world, 'openai', questions(20, 'a'), {
      maxTokens: 20,
      output: `${world.folder}/a.jsonl`,
    })
    const second = await startIn(world, 'openai', questions(20, 'b'), {
      maxTokens: 20,
      output: `${world.folder}/b.jsonl`,
    })
    const [one, other] = await Promise.all([finish(first), finish(second)])
    const { code } = await third.ended
    const { inputTokens, outputTokens, rowsBilled } = await finalBooks(world)
    // A token is a dollar: all of them together would cost more.
    expect(inputTokens + outputTokens).toBeLessThanOrEqual(1_000)
    expect(rowsBilled).toBeGreaterThan(0)
    expect(rowsBilled).toBeLessThan(60)
    const reasons = [one, other].filter(({ run }) => run.state === 'held').map(({ run }) => run.reason)
    expect(reasons.length + (code === 3 ? 1 : 0)).toBeGreaterThan(0)
    for (const reason of reasons) expect(reason).toMatch(/of the \$1,000\.00 of today \(UTC\) for all runs/)
    const report = [one, other].reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0)
    expect(report).toBeLessThanOrEqual(inputTokens + outputTokens)
  })
})

describe('a queue that has no room although nothing of ours is in it', () => {
  it('is tried again and again, then the run is held with words for the support, and resume tries again', async () => {
    const world = await openWorld({
      waits: { queue: '5ms', queueMost: '10ms' },
      faults: ['run=queue-full'],
    })
    const run = await startIn(world, 'openai', questions(1))
    const { run: held } = await finish(run)
    expect(held).toMatchObject({ state: 'held', reason: expect.stringMatching(/12 batches.*support/s) })
    world.server.setFaults([])
    const options = { config: world.configPath, environment: world.environment }
    const { counts } = await finish(await openRun('last', options))
    expect(counts.succeeded).toBe(1)
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 1, rowsBilledAgain: 0 })
  })
})

/** True for a batch that the queue has no room for. */
function waitsForRoom({ stage, waitingSince }: AttemptRecord): boolean {
  return stage === 'uploaded' && waitingSince !== null
}

/** As a person does it in the provider's console: no process of ours is told. */
async function cancelAtProvider({ environment, server }: LocalWorld, remoteId: string): Promise<void> {
  const headers = { authorization: `Bearer ${environment['OPENAI_API_KEY']}` }
  const answer = await fetch(`${server.openaiUrl}/batches/${remoteId}/cancel`, { method: 'POST', headers })
  expect(answer.status).toBe(200)
}

describe('a run that no process drives any more', () => {
  it('does not keep its place in the queue for ever', async () => {
    const world = await openWorld({
      queueTokens: LIMIT,
      faults: ['run=stuck'],
      waits: { poll: '20ms', pollMost: '100ms' },
      config: { tokenCount: true, limits: { queueTokens: LIMIT } },
    })
    const words = ['run', await world.write('left.jsonl', rows(66, 'a')), '--model', 'openai/gpt-6-luna']
    const left = start(world, [...words, '--prompt', '{{text}}', '--no-wait', '--yes'])
    await left.ended
    const { attempts } = await attemptsOf(world)
    expect(stagesOf({ attempts })).toEqual(['submitted'])
    world.server.setFaults([])
    const finished = finish(await startIn(world, 'openai', rows(30, 'b')))
    await vi.waitFor(async () => expect((await attemptsOf(world)).attempts.some(waitsForRoom)).toBe(true), PATIENCE)
    for (const { remoteId } of attempts) await cancelAtProvider(world, remoteId ?? '')
    expect((await finished).counts.succeeded).toBe(30)
    // Its room was needed, and was given although no process has driven it on.
    expect(stagesOf(await attemptsOf(world))).toEqual(['collected', 'submitted'])
  })
})
