import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRun, type Progress, type RunEvent, startRun } from '../../src/index.ts'
import { typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'

const MODEL = { model: 'openai/gpt-6-luna' }

function placeOf({ configPath, environment }: LocalWorld) {
  return { config: configPath, environment }
}

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
    await expect(startRun(options)).rejects.toMatchObject({ code: 'already_finished' })
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

  it('submits everything without waiting, and is brought to its end by rounds', async () => {
    const world = await openWorld({ durations: { runMs: 300 } })
    const output = join(world.folder, 'answers.jsonl')
    const place = { config: world.configPath, environment: world.environment }
    const input = await world.write('questions.jsonl', questions(10))
    {
      await using run = await startRun({ input, output, prompt: '{{text}}', ...MODEL, ...place, maxRequests: 4 })
      const submitted = await run.submit()
      expect(submitted).toMatchObject({ run: { finishedAt: null }, answers: null, counts: { batched: 10 } })
      expect(submitted.attempts.map(({ stage }) => stage)).toEqual(['submitted', 'submitted', 'submitted'])
    }
    // The block has let go of the run, so that this one can take it up.
    await using run = await openRun('last', place)
    let round = await run.tick()
    while (round.run.finishedAt === null) round = await run.tick()
    expect(round).toMatchObject({ run: { state: 'completed' }, answers: { path: output } })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 3, rowsBilled: 10, rowsBilledAgain: 0 })
  })

  it('sends again what was not billed, and what was only where its status is named, the bill told before', async () => {
    const world = await openWorld()
    const input = [{ text: 'one' }, { text: '[[simulate: status=400]]' }, { text: '[[simulate: length]]' }]
    await using run = await startRun({ input, prompt: '{{text}}', ...MODEL, ...placeOf(world) })
    expect((await run.finished()).counts).toMatchObject({ succeeded: 1, failed: 1, truncated: 1 })
    const before = await world.server.ledger()

    expect(await run.retryBill()).toMatchObject({ requests: 1, billed: 0 })
    expect(await run.retry()).toEqual({ count: 1, hasCanary: false })
    expect((await run.finished()).counts).toMatchObject({ succeeded: 1, failed: 1, truncated: 1 })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: before.rowsBilled })

    const truncated = { status: 'truncated', maxTokens: 500 } as const
    expect(await run.retryBill(truncated)).toMatchObject({ requests: 1, billed: 1 })
    expect(await run.retry(truncated)).toEqual({ count: 1, hasCanary: false })
    await run.finished()
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: before.rowsBilled + 1 })
    await expect(run.retry({ status: 'succeeded' })).rejects.toMatchObject({ code: 'usage' })
  })

  it('keeps to batch limits that are options, and repeats them in the job that it keeps', async () => {
    const world = await openWorld()
    const input = await world.write('questions.jsonl', questions(6))
    const limits = { maxRequests: 2, maxOpenBatches: 1, maxBytes: 100_000, tokenCount: false }
    await using run = await startRun({ input, prompt: '{{text}}', ...MODEL, ...placeOf(world), ...limits })
    expect((await run.finished()).attempts).toHaveLength(3)
    const { stdout } = await typeHere(world, 'runs', 'job', run.id)
    expect(stdout).toMatch(/^maxRequests: 2$/m)
    expect(stdout).toMatch(/^tokenCount: false$/m)
  })

  it('refuses an option that does not exist and says what may have been meant', async () => {
    const world = await openWorld()
    const options = { input: [{ text: 'one' }], prompt: '{{text}}', ...MODEL, ...placeOf(world) }
    const misspelt = (more: object) => startRun({ ...options, ...more })
    await expect(misspelt({ maxToken: 5 })).rejects.toThrow('startRun has no option "maxToken" (did you mean maxTokens')
    await expect(misspelt({ max_requests: 5 })).rejects.toThrow('(did you mean maxRequests?)')
    await expect(misspelt({ budget: { maxCostUSD: 5 } })).rejects.toThrow('budget has no option "maxCostUSD"')
    await expect(misspelt({ output: { path: 'a.csv', prefx: '' } })).rejects.toThrow('(did you mean prefix?)')
    await using run = await startRun(options)
    await expect(run.finished({ deadlin: '20h' } as object)).rejects.toThrow('(did you mean deadline?)')
    await expect(run.retry({ statuses: [] } as object)).rejects.toThrow('(did you mean status?)')
    const opened = openRun('last', Object.assign(placeOf(world), { pollIntervall: '1s' }))
    await expect(opened).rejects.toThrow('(did you mean pollInterval?)')
    await expect(misspelt({ deadline: '20h' })).rejects.toMatchObject({ next: expect.stringContaining('finished()') })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0 })
  })

  it('refuses an option that holds something else, as a program without types may give it', async () => {
    const world = await openWorld()
    const options = { input: [{ text: 'one' }], prompt: '{{text}}', ...MODEL, ...placeOf(world) }
    const wrong = (more: object) => startRun({ ...options, ...more })
    await expect(wrong({ maxTokens: '20' })).rejects.toThrow('maxTokens of startRun is "20"; it must be a whole number')
    await expect(wrong({ budget: { maxCostUsd: '5' } })).rejects.toThrow('maxCostUsd of budget is "5"')
    await expect(wrong({ skipInvalid: 'yes' })).rejects.toThrow('it must be true or false')
    await expect(wrong({ input: undefined })).rejects.toThrow('startRun was called without input')
  })

  it('holds the first bad row in the message of its error', async () => {
    const world = await openWorld()
    const input = await world.write('rows.jsonl', '{"text":"one"}\n{"txt":"two"}\n{"txt":"three"}\n')
    const start = startRun({ input, prompt: '{{text}}', ...MODEL, ...placeOf(world) })
    await expect(start).rejects.toThrow(
      /^2 problems in the input; nothing was sent\. The first is in line 2: missing_column: .*text/,
    )
    await expect(start).rejects.toMatchObject({ problems: { total: 2 } })
  })

  it('tells a listener what happened while the run was prepared', async () => {
    const world = await openWorld()
    const input = [{ text: '' }, { text: 'two' }]
    await using run = await startRun({ input, prompt: '{{text}}', ...MODEL, ...placeOf(world) })
    const events: RunEvent[] = []
    run.on('event', (event) => events.push(event))
    expect(events).toMatchObject([{ code: 'empty_placeholders' }, { type: 'prepared', rows: 2 }])
  })

  it('tells its progress without the records behind it', async () => {
    const world = await openWorld()
    await using run = await startRun({ input: [{ text: 'one' }], prompt: '{{text}}', ...MODEL, ...placeOf(world) })
    const last = new Promise<Progress>((resolve) => {
      run.on('progress', (told) => told.run.state === 'completed' && resolve(told))
    })
    await run.finished()
    const progress = await last
    expect(progress).toEqual(await run.progress())
    expect(Object.keys(progress.run).toSorted()).toEqual(
      ['createdAt', 'deadline', 'finishedAt', 'id', 'name', 'reason', 'requestCount', 'rowCount', 'state'].toSorted(),
    )
    expect(progress).toMatchObject({
      total: 1,
      done: 1,
      counts: { succeeded: 1 },
      batches: { collected: 1 },
      notes: [],
    })
  })

  it('stops its drive when it is closed, and says so when it is used afterwards', async () => {
    const world = await openWorld({ faults: ['run=stuck'] })
    const run = await startRun({ input: [{ text: 'one' }], prompt: '{{text}}', ...MODEL, ...placeOf(world) })
    await run.submit()
    const finished = run.finished()
    await run.close()
    expect((await finished).run.finishedAt).toBe(null)
    await run.close()
    const message = `run ${run.id} was closed by this program`
    await expect(run.finished()).rejects.toThrow(message)
    await expect(run.progress()).rejects.toThrow(message)
    await expect(run.results().next()).rejects.toThrow(message)
  })
})
