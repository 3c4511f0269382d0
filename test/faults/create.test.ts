import { describe, expect, it } from 'vitest'
import {
  FILE_PROVIDERS,
  finalBooks,
  finish,
  PROVIDERS,
  positive,
  promptRows,
  readAnswers,
  readStatuses,
  reopenIn,
  SHORT_LIMITS,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { type RawBatch, RawClient, requestLine } from '../support/local-server.ts'
import { openWorld, questions } from '../support/local-world.ts'

const ROWS = 4
const ALL = Array.from({ length: ROWS }, () => 'succeeded')

describe.concurrent.each(PROVIDERS)('a refusal by %s', (provider) => {
  it.for([
    ['of an upload, such as a quota or a purpose it does not know', 'upload:1=status(400)', 0, /Invalid value/],
    ['of a create', 'create:1=status(422)', 0, /Unprocessable/],
    ['of a batch whose input file was gone', 'run:1=refuse(file_not_found@0)', 1, /file_not_found/],
    ['of a batch whose model it does not run in batches', 'run:1=refuse(model_not_found@0)', 1, /model_not_found/],
  ] as const)('%s holds the batch, and a resume sends it anew, unbilled so far', async (item, { onTestFinished }) => {
    const [, fault, refused, reason] = item
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults: [fault] })
    const held = await finish(await startIn(world, provider, questions(ROWS)))
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(reason) })
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: refused, rowsBilled: 0 })
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: refused + 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })

  it('for want of room in its queue, again and again, costs no row a try', async ({ onTestFinished }) => {
    const faults = ['run:1-4=queue-full']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults })
    expect((await finish(await startIn(world, provider, questions(ROWS)))).run.state).toBe('completed')
    expect((await readAnswers(world)).map(({ llm_attempt, llm_status }) => [llm_status, llm_attempt])).toEqual(
      ALL.map((status) => [status, 1]),
    )
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 5, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })
})

describe.concurrent.each(FILE_PROVIDERS)('too many creates at %s', (provider) => {
  it('are followed by ever longer pauses, and end in one batch', async ({ onTestFinished }) => {
    const faults = ['create:1-5=status(429)']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_LIMITS, faults })
    const run = await startIn(world, provider, questions(ROWS))
    const stop = new AbortController()
    let refusals = 0
    run.on('event', (event) => {
      if (event.type === 'warning' && event.code === 'create_unknown') refusals += 1
      if (refusals === 4) stop.abort()
    })
    // The pause grows with the failures in a row.
    expect((await run.finished({ signal: stop.signal })).attempts).toMatchObject([{ failures: 4 }])
    await run.close()
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })
})

describe.concurrent.each(PROVIDERS)('creates that vanish at %s', (provider) => {
  it('end in a hold after five in a row, and each process that goes on has one more', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_LIMITS, faults: ['create:1-6=reset'] })
    const run = await startIn(world, provider, questions(ROWS))
    const first = await finish(run)
    expect(first.run.reason).toMatch(/5 creates in a row were not answered and made no batch/)
    const second = await finish(await reopenIn(world))
    expect(second.run.reason).toMatch(/6 creates in a row were not answered and made no batch/)
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: ROWS, rowsBilledAgain: 0 })
  })
})

describe.concurrent.each(PROVIDERS)('beside others at %s', (provider) => {
  it('a run never takes their batch for its own, however alike', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_LIMITS, faults: ['create:2=reset'] })
    const client = new RawClient(provider === 'openai' ? world.server.openaiUrl : world.server.mistralUrl)
    const inputFileId = await client.upload(
      Array.from({ length: ROWS }, (_, row) => requestLine(`o-${row}`, `Question ${row} about nothing.`)).join('\n'),
    )
    const endpoint = '/v1/chat/completions'
    const created =
      provider === 'openai'
        ? client.create(inputFileId)
        : client.json('POST', '/batch/jobs', { input_files: [inputFileId], endpoint, model: 'mistral-small-latest' })
    await created
    expect((await finish(await startIn(world, provider, questions(ROWS)))).run.state).toBe('completed')
    expect(await readStatuses(world)).toEqual(ALL)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilledAgain: 0 })
  })

  it('a run marks its batches within the limits of either provider', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    await finish(await startIn(world, provider, questions(ROWS)))
    const client = new RawClient(provider === 'openai' ? world.server.openaiUrl : world.server.mistralUrl)
    const path = provider === 'openai' ? '/batches' : '/batch/jobs'
    const { data } = await client.json<{ readonly data: readonly RawBatch[] }>('GET', path)
    const markers = data.flatMap(({ metadata }) => Object.entries(metadata ?? {}))
    expect(markers).toHaveLength(2)
    for (const [name, value] of markers) {
      expect(name).toMatch(/^\w{1,32}$/)
      expect(value).toMatch(/^\w{1,512}$/)
    }
  })

  it('a run deletes no file and no batch', async ({ onTestFinished }) => {
    const faults = ['delete=status(500)', 'remove=status(500)']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults })
    expect((await finish(await startIn(world, provider, questions(ROWS)))).run.state).toBe('completed')
    expect(world.server.firedFaults()).toEqual([])
  })

  it('a result file that is not UTF-8 is fetched again', async ({ onTestFinished }) => {
    const faults = ['content:1=latin1']
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, faults })
    const rows = promptRows(['Answer with one of "é", "ü".', 'Answer with one of "ø", "å".'])
    const { counts } = await finish(await startIn(world, provider, rows))
    expect(positive(counts)).toEqual({ succeeded: 2 })
    expect((await readAnswers(world)).map(({ llm_output }) => llm_output)).toEqual([
      expect.stringMatching(/[éü]/),
      expect.stringMatching(/[øå]/),
    ])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilledAgain: 0 })
  })
})

describe.each(FILE_PROVIDERS)('an input file that a create does not see (%s)', (provider) => {
  it('is waited for, however long ago its batch was planned', async () => {
    const world = await openWorld({
      faults: ['create:2=file-not-found'],
      durations: { runMs: 700 },
      config: { limits: { maxRequests: 2, maxOpenBatches: 1 } },
      waits: SHORT_WAITS,
    })
    const { counts, run } = await finish(await startIn(world, provider, questions(4)))
    expect({ state: run.state, reason: run.reason, ...positive(counts) }).toEqual({
      state: 'completed',
      reason: null,
      succeeded: 4,
    })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2, rowsBilledAgain: 0 })
  })

  it('holds the batch when it is never seen', async () => {
    const world = await openWorld({ faults: ['create=file-not-found'], waits: { ...SHORT_WAITS, retryBackoff: '5ms' } })
    const { counts, run } = await finish(await startIn(world, provider, questions(2)))
    expect({ state: run.state, ...positive(counts) }).toEqual({ state: 'held', batched: 2 })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 0, rowsBilled: 0 })
  })
})
