import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRun, startRun } from '../src/index.ts'
import { openWorld, questions } from './support/local-world.ts'

describe.each(['openai/gpt-6-luna', 'mistral/mistral-small-latest'])('a run through %s', (model) => {
  it('answers 3,000 rows in order, in several batches, each billed once', async () => {
    const world = await openWorld({ config: { limits: { maxRequests: 700 } } })
    const input = await world.write('questions.jsonl', questions(3_000))
    const output = join(world.folder, 'answers.jsonl')
    const run = await startRun({
      input,
      model,
      prompt: 'Answer shortly: {{text}}',
      output,
      config: world.configPath,
      environment: world.environment,
    })
    const finished = await run.finished()
    expect(finished.run.state).toBe('completed')
    expect(finished.counts).toMatchObject({ succeeded: 3_000, pending: 0, batched: 0 })
    // Five batches, and the first rows asked directly.
    expect(finished.attempts).toHaveLength(6)

    const seen: string[] = []
    for await (const result of run.results()) {
      expect(result.output).toContain('[simulated]')
      seen.push(String(result.row['id']))
    }
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, index) => `q${index}`))
    await run.close()

    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(3_000)
    expect(JSON.parse(lines[2_999] ?? '')).toMatchObject({ id: 'q2999', llm_status: 'succeeded' })
    const ledger = await world.server.ledger()
    expect({ ...ledger, asked: ledger.rowsBilled + ledger.directCalls }).toMatchObject({
      asked: 3_000,
      rowsBilledAgain: 0,
    })
  })
})

describe('the library', () => {
  it('goes on with an unfinished run of the same work and points out a finished one', async () => {
    const world = await openWorld()
    const options = {
      input: [{ text: 'one nonce:a' }, { text: 'two nonce:b' }],
      model: 'openai/gpt-6-luna',
      prompt: (row: { text: string }) => `Say ${row.text}`,
      config: world.configPath,
      environment: world.environment,
    }
    const first = await startRun(options)
    await first.close()
    const second = await startRun(options)
    expect(second.id).toBe(first.id)
    expect(second.isAttached).toBe(true)
    await second.finished()
    await second.close()
    await expect(startRun(options)).rejects.toMatchObject({ code: 'already_done' })
    const again = await startRun({ ...options, again: true })
    expect(again.id).not.toBe(first.id)
    await again.close()
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2 })
  })

  it('opens a run by name in another process and reads its results without sending anything', async () => {
    const world = await openWorld()
    const place = { config: world.configPath, environment: world.environment }
    const run = await startRun({
      name: 'triage',
      input: [{ text: 'one' }],
      model: 'mistral/mistral-small-latest',
      prompt: 'Say {{text}}',
      ...place,
    })
    await run.finished()
    await run.close()
    const opened = await openRun('triage', place)
    const results = []
    for await (const result of opened.results()) results.push(result)
    expect(results).toMatchObject([{ row: { text: 'one' }, id: '1', status: 'succeeded' }])
    await opened.close()
  })
})
