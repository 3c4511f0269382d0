import { describe, expect, expectTypeOf, it } from 'vitest'
import { openRun, type RowResult, startRun } from '../../src/index.ts'
import { openWorld } from '../support/local-world.ts'

async function all<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const found: Result[] = []
  for await (const result of results) found.push(result)
  return found
}

describe('a run of the library at another endpoint', () => {
  it('gives vectors as numbers, one for a text', async () => {
    const world = await openWorld()
    const run = await startRun({
      input: [{ id: 1, body: 'hello' }],
      model: 'openai/text-embedding-3-small',
      endpoint: 'embeddings',
      textColumn: 'body',
      config: world.configPath,
      environment: world.environment,
    })
    await run.finished()
    const [result] = await all(run.results())
    expectTypeOf(result).toEqualTypeOf<RowResult<{ id: number; body: string }, number[]> | undefined>()
    expect(result?.output).toHaveLength(8)
    expect(result?.status === 'succeeded' && result.output.every(Number.isFinite)).toBe(true)
    await run.close()
  })

  it('gives a list of vectors for a list of texts, also for a list of one, and after another process took it up', async () => {
    const world = await openWorld()
    const place = { config: world.configPath, environment: world.environment }
    const run = await startRun({
      ...place,
      input: [{ chunks: ['a'] }, { chunks: ['a', 'b'] }],
      model: 'mistral/mistral-embed',
      endpoint: 'embeddings',
      textColumn: 'chunks',
      idColumn: undefined,
    })
    const { id } = run
    await run.close()
    const resumed = await openRun<{ chunks: string[] }, number[][]>(id, place)
    await resumed.finished()
    const results = await all(resumed.results())
    const vectors = results.flatMap((result) => (result.status === 'succeeded' ? [result.output] : []))
    expect(vectors.map((list) => list.map((vector) => vector.length))).toEqual([[8], [8, 8]])
    expect(results[0]?.output?.[0]).toEqual(results[1]?.output?.[0])
    await resumed.close()
  })

  it('counts inputs when it cuts anew what comes back, by the limits of that time', async () => {
    const world = await openWorld()
    const texts = (row: number) => [`a${row} [[simulate: status=429 times=1]]`, `b${row}`]
    const run = await startRun({
      input: Array.from({ length: 6 }, (_, row) => ({ chunks: texts(row) })),
      model: 'openai/text-embedding-3-small',
      endpoint: 'embeddings',
      textColumn: 'chunks',
      config: world.configPath,
      environment: world.environment,
    })
    await run.close()
    const waits = { poll: '30ms', retryBackoff: '20ms' }
    const config = await world.write('strict.json', JSON.stringify({ waits, limits: { maxInputs: 5 } }))
    const resumed = await openRun(run.id, { config, environment: world.environment })
    expect((await resumed.finished()).counts.succeeded).toBe(6)
    await resumed.close()
    expect((await world.server.ledger()).batches.map(({ rows }) => rows)).toEqual([6, 2, 2, 2])
  })

  it('gives verdicts as objects, and texts as texts', async () => {
    const world = await openWorld()
    const place = { config: world.configPath, environment: world.environment }
    const verdicts = await startRun({
      ...place,
      input: [{ text: 'about violence' }],
      model: 'openai/omni-moderation-latest',
      endpoint: '/v1/moderations',
      textColumn: 'text',
    })
    await verdicts.finished()
    const [verdict] = await all(verdicts.results())
    expectTypeOf(verdict?.output).toEqualTypeOf<Readonly<Record<string, unknown>> | string | null | undefined>()
    expect(verdict).toMatchObject({ output: { flagged: true }, costUsd: 0 })
    await verdicts.close()
    const texts = await startRun({
      ...place,
      input: [{ text: 'x' }],
      model: 'openai/gpt-6.1-terra',
      endpoint: 'responses',
      prompt: ({ text }) => text,
    })
    await texts.finished()
    const [text] = await all(texts.results())
    expectTypeOf(text?.output).toEqualTypeOf<string | null | undefined>()
    expect(text?.output).toMatch(/^\[simulated\]/)
    await texts.close()
  })
})
