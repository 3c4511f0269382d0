import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/index.ts'
import { type } from '../support/command.ts'
import {
  finalBooks,
  finish,
  MODELS,
  PROVIDERS,
  positive,
  promptRows,
  readAnswers,
  readStatuses,
  reopenIn,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { heldClock } from '../support/held-clock.ts'
import { openWorld, questions } from '../support/local-world.ts'

/** Characters that other tools cut lines at, lose, or refuse. */
const ODD_TEXTS = [
  'a\u2028b\u2029c\u0085d',
  '\ufeffmark',
  'tab\tquote"back\\slash',
  'nul \u0000 bell \u0007',
  'line\r\nfeed\n',
  '👩‍👩‍👧 ﷽',
  '{{text}} }} {{',
  '</script>',
]

describe.concurrent.each(PROVIDERS)('the rows of a run at %s', (provider) => {
  it('stay what they were when it was planned, whatever becomes of the input file', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const first = await startIn(world, provider, questions(4))
    await first.close()
    await world.write('rows.jsonl', questions(3, 'other').concat(questions(1)))
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    const answers = await readAnswers(world)
    expect(answers.map(({ id }) => id)).toEqual(['q0', 'q1', 'q2', 'q3'])
    for (const [row, { llm_output }] of answers.entries()) expect(llm_output).toMatch(new RegExp(`nonce:q-${row}$`))
  })

  it('of an edited input are another run', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const first = await startIn(world, provider, questions(4))
    await first.close()
    const same = await startIn(world, provider, questions(4))
    await same.close()
    const edited = await startIn(world, provider, questions(4).replace('Question 2', 'Question two'))
    await edited.close()
    expect([same.id, same.isAttached]).toEqual([first.id, true])
    expect([edited.id === first.id, edited.isAttached]).toEqual([false, false])
  })

  it('reach the model whole, whatever characters they hold', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    expect((await finish(await startIn(world, provider, promptRows(ODD_TEXTS)))).run.state).toBe('completed')
    const answers = await readAnswers(world)
    expect(answers.map(({ llm_status }) => llm_status)).toEqual(ODD_TEXTS.map(() => 'succeeded'))
    for (const [row, { llm_output }] of answers.entries()) expect(llm_output).toMatch(new RegExp(`nonce:r-${row}$`))
  })

  it('keep their own bytes, large numbers and names that mean something to JavaScript', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const rows = [
      '{"id":"__proto__","text":"one nonce:a","n":12345678901234567890,"f":1.0}',
      '{"id":"constructor","text":"two nonce:b","__proto__":{"x":1e400}}',
      '{"id":"hasOwnProperty","text":"three nonce:c","n":0.1000}',
    ]
    expect((await finish(await startIn(world, provider, rows.join('\n')))).run.state).toBe('completed')
    const lines = (await readFile(join(world.folder, 'answers.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => line.slice(0, line.indexOf(',"llm_')))).toEqual(rows.map((row) => row.slice(0, -1)))
    expect((await readAnswers(world)).map(({ llm_output }) => llm_output?.slice(-7))).toEqual([
      'nonce:a',
      'nonce:b',
      'nonce:c',
    ])
  })

  it('that are all unusable make no batch', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const run = await startIn(world, provider, 'broken\n{"other":1}\n', { skipInvalid: true })
    const { counts, run: record } = await finish(run)
    expect(record.state).toBe('completed')
    expect(positive(counts)).toEqual({ skipped: 2 })
    expect(await readStatuses(world)).toEqual(['failed', 'failed'])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 0 })
  })

  it('that every one fails for the same parameter are told so once, unbilled, and not sent again', async ({
    onTestFinished,
  }) => {
    const config = { limits: { maxRequests: 2 } }
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, config })
    const options =
      provider === 'openai'
        ? { model: 'openai/gpt-6.1-terra', parameters: { max_tokens: 9 } }
        : { parameters: { max_completion_tokens: 9 } }
    const { counts, failures, run } = await finish(await startIn(world, provider, questions(4), options))
    expect(run.state).toBe('completed')
    expect(positive(counts)).toEqual({ failed: 4 })
    expect(failures).toMatchObject([{ count: 4, reason: expect.stringMatching(/max_tokens|Extra inputs/) }])
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 2, rowsBilled: 0 })
  })

  it('of several models and endpoints go into batches of one each', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const model = MODELS[provider].split('/')[1]
    const other = provider === 'openai' ? 'gpt-6-sol' : 'mistral-large-latest'
    const chat = (name: string | undefined, nonce: string): string =>
      JSON.stringify({
        custom_id: nonce,
        body: { model: name, messages: [{ role: 'user', content: `nonce:${nonce}` }] },
      })
    const rows = [chat(model, 'a'), chat(other, 'b'), chat(model, 'c')].join('\n')
    const run = await startRun({
      input: await world.write('rows.jsonl', rows),
      provider,
      config: world.configPath,
      environment: world.environment,
    })
    expect(positive((await finish(run)).counts)).toEqual({ succeeded: 3 })
    const { batches } = await finalBooks(world)
    expect(batches.map(({ rowsBilled }) => rowsBilled).toSorted((one, two) => one - two)).toEqual([1, 2])
  })

  it('wait their turn where the queue of the provider is small', async ({ onTestFinished }) => {
    // Each row counts about eleven tokens; a batch of all of them could never start.
    const config = { tokenCount: true, limits: { queueTokens: 80 } }
    const options = { config, queueTokens: 80, durations: { runMs: 100 } }
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, ...options })
    const { counts, run } = await finish(await startIn(world, provider, questions(12)))
    expect(run.state).toBe('completed')
    expect(positive(counts)).toEqual({ succeeded: 12 })
    expect((await readAnswers(world)).map(({ llm_attempt }) => llm_attempt)).toEqual(
      Array.from({ length: 12 }, () => 1),
    )
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 12, rowsBilledAgain: 0 })
  })
})

describe.concurrent('one run', () => {
  it.for([
    ['in a home that was not used yet', false],
    ['in a home that is there', true],
  ] as const)('is made once where two callers start it at the same moment, %s', async ([, isThere], context) => {
    const world = await openWorld({ onFinished: context.onTestFinished, waits: SHORT_WAITS })
    if (isThere) await (await startIn(world, 'openai', questions(1, 'before'))).close()
    const both = await Promise.allSettled([1, 2].map(() => startIn(world, 'openai', questions(6))))
    const runs = both.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(runs).toHaveLength(1)
    expect(both).toContainEqual({ status: 'rejected', reason: expect.objectContaining({ code: 'busy' }) })
    for (const run of runs) await finish(run)
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 6, rowsBilledAgain: 0 })
  })

  it('is driven by one of two processes, and the other is told so', async ({ onTestFinished }) => {
    const { clock, release } = heldClock()
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, clock })
    await world.write('rows.jsonl', questions(6))
    const line = [
      'run',
      'rows.jsonl',
      '--model',
      MODELS.openai,
      '--prompt',
      '{{text}}',
      '-o',
      'answers.jsonl',
      '--quiet',
    ]
    const both = [type(world, ...line), type(world, ...line)]
    expect(await Promise.race(both)).toMatchObject({ code: 75 })
    release()
    expect(new Set((await Promise.all(both)).map(({ code }) => code))).toEqual(new Set([0, 75]))
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 1, rowsBilled: 6, rowsBilledAgain: 0 })
  })

  it('goes on with its other batches where one is poisoned, and is held for that one', async ({ onTestFinished }) => {
    const config = { limits: { maxRequests: 2 } }
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, config })
    const run = await startIn(world, 'openai', questions(6))
    const inputs = join(world.home, 'runs', run.id, 'inputs')
    const [name = ''] = await readdir(inputs)
    await rename(join(inputs, name), join(inputs, 'aside'))
    const held = await finish(run)
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringContaining(name) })
    expect(positive(held.counts)).toEqual({ succeeded: 4, batched: 2 })
    await rename(join(inputs, 'aside'), join(inputs, name))
    expect((await finish(await reopenIn(world))).run.state).toBe('completed')
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 3, rowsBilled: 6, rowsBilledAgain: 0 })
  })
})
