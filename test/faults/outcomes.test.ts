import { describe, expect, it } from 'vitest'
import { typedFirst, typeHere } from '../support/command.ts'
import {
  finalBooks,
  finish,
  MODELS,
  PROVIDERS,
  type ProviderName,
  positive,
  promptRows,
  readAnswers,
  reopenIn,
  SHORT_WAITS,
  startIn,
} from '../support/fault-run.ts'
import { openWorld } from '../support/local-world.ts'

/** What becomes of a row whose model or provider does this, and how often it was tried until then. */
interface Case {
  readonly wish: string
  readonly status: string
  readonly error?: RegExp
  readonly finishReason?: string
  /** @default 1 */
  readonly tries?: number
  /** True where the provider charged for it. */
  readonly isBilled: boolean
}

const EVERYWHERE: readonly Case[] = [
  { wish: 'nothing special', status: 'succeeded', isBilled: true, finishReason: 'stop' },
  { wish: 'length', status: 'truncated', isBilled: true, error: /^length: .*cut off/, finishReason: 'length' },
  { wish: 'tool_call', status: 'succeeded', isBilled: true, finishReason: 'tool_calls' },
  { wish: 'empty', status: 'failed', isBilled: true, error: /^empty_answer/ },
  { wish: 'invalid_json', status: 'succeeded', isBilled: true },
  { wish: 'fenced_json', status: 'succeeded', isBilled: true },
  { wish: 'bad_shape', status: 'failed', isBilled: true, error: /^bad_shape/ },
  { wish: 'no_usage', status: 'succeeded', isBilled: true },
  { wish: 'missing', status: 'missing', isBilled: true, error: /no line for this request/ },
  { wish: 'garbled', status: 'missing', isBilled: true, error: /no line for this request/ },
  { wish: 'status=400', status: 'failed', isBilled: false, error: /invalid_value/ },
  { wish: 'status=403', status: 'failed', isBilled: false },
  { wish: 'status=404', status: 'failed', isBilled: false, error: /model_not_found/ },
  { wish: 'status=422', status: 'failed', isBilled: false },
  { wish: 'status=408', status: 'failed', tries: 3, isBilled: false },
  { wish: 'status=429', status: 'failed', tries: 3, isBilled: false, error: /rate_limit_exceeded/ },
  { wish: 'status=500', status: 'failed', tries: 3, isBilled: false },
  { wish: 'status=503', status: 'failed', tries: 3, isBilled: false },
  { wish: 'status=504', status: 'failed', tries: 3, isBilled: false, error: /Timed out/ },
  { wish: 'expired', status: 'expired', tries: 3, isBilled: false, error: /batch_expired/ },
  { wish: 'status=429 times=1', status: 'succeeded', tries: 2, isBilled: true },
  { wish: 'status=500 times=2', status: 'succeeded', tries: 3, isBilled: true },
  { wish: 'expired times=2', status: 'succeeded', tries: 3, isBilled: true },
]

/** Mistral's answers have no field for a refusal, and tell of a filter only that the answer ended with an error. */
const CASES: Readonly<Record<ProviderName, readonly Case[]>> = {
  openai: [
    ...EVERYWHERE,
    { wish: 'refusal', status: 'refused', isBilled: true, error: /^refusal: .*sorry/ },
    { wish: 'content_filter', status: 'refused', isBilled: true, error: /^content_filter/ },
  ],
  mistral: [...EVERYWHERE, { wish: 'content_filter', status: 'failed', isBilled: true, error: /^answer_error/ }],
}

function rowsFor(cases: readonly Case[]): string {
  return promptRows(cases.map(({ wish }) => (wish === 'nothing special' ? 'Hello.' : `Hello. [[simulate: ${wish}]]`)))
}

function countsOf(cases: readonly Case[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of cases) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe.concurrent.each(PROVIDERS)('rows at %s', (provider) => {
  const carryOut = typedFirst(PROVIDERS, provider)
  const cases = CASES[provider]
  const billed = cases.filter(({ isBilled }) => isBilled).length

  it('end as what became of them, are tried again only where nothing was billed, and three times at most', async ({
    onTestFinished,
  }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    const { costUsd, counts, incidents, run, usage } = await finish(await startIn(world, provider, rowsFor(cases)))
    expect(run).toMatchObject({ state: 'completed', reason: null })

    const answers = await readAnswers(world)
    expect(answers.map(({ llm_attempt, llm_status }, row) => [cases[row]?.wish, llm_status, llm_attempt])).toEqual(
      cases.map(({ status, tries = 1, wish }) => [wish, status, tries]),
    )
    for (const [row, { error, finishReason = answers[row]?.llm_finish_reason, status }] of cases.entries()) {
      expect(answers[row]?.llm_error ?? '').toMatch(error ?? (status === 'succeeded' ? /^$/ : /./))
      expect(answers[row]?.llm_finish_reason).toBe(finishReason)
    }
    expect(positive(counts)).toEqual(countsOf(cases))
    expect(await finalBooks(world)).toMatchObject({ batchesCreated: 3, rowsBilled: billed, rowsBilledAgain: 0 })
    expect(incidents.map(({ kind }) => kind)).toEqual(['unreadable_lines'])

    const withoutUsage = answers[cases.findIndex(({ wish }) => wish === 'no_usage')]
    expect(withoutUsage).toMatchObject({ llm_prompt_tokens: null, llm_cost_usd: null })
    expect(answers[0]).toMatchObject({ llm_prompt_tokens: expect.any(Number), llm_cost_usd: expect.any(Number) })
    // Four were billed of which no tokens are known: without usage, misshapen, missing and garbled.
    expect(usage).toMatchObject([{ withoutUsage: 4 }])
    expect(costUsd).toBeNull()
  })

  it('that were or may have been billed are bought again only when that is asked for', async ({ onTestFinished }) => {
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS })
    await world.write('rows.jsonl', rowsFor(cases))
    const line = ['run', 'rows.jsonl', '--model', MODELS[provider], '--prompt', '{{text}}', '-o', 'answers.jsonl']
    expect(await typeHere(world, ...line, '--quiet')).toMatchObject({ code: 4 })
    expect(await typeHere(world, 'retry', 'last', '--quiet')).toMatchObject({ code: 4 })
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: billed, rowsBilledAgain: 0 })
    expect(await carryOut(world, 'retry', 'last', '--quiet', '--status', 'truncated', '--yes')).toMatchObject({
      code: 4,
    })
    const truncated = `r-${cases.findIndex(({ status }) => status === 'truncated')}`
    expect((await finalBooks(world)).repeated).toEqual([{ nonce: truncated, times: 2 }])
  })
})

describe.concurrent.each(PROVIDERS)('an account without credit at %s', (provider) => {
  const rows = promptRows(['[[simulate: status=402 times=4]]', ...Array.from({ length: 5 }, () => 'Hello.')])

  it('holds the run before more is sent, costs no row a try, and goes on where it was once it is mended', async ({
    onTestFinished,
  }) => {
    const config = { limits: { maxRequests: 2, maxOpenBatches: 1 } }
    const world = await openWorld({ onFinished: onTestFinished, waits: SHORT_WAITS, config })
    const held = await finish(await startIn(world, provider, rows))
    expect(held.run).toMatchObject({ state: 'held', reason: expect.stringMatching(/insufficient funds/i) })
    // Other batches may have been on their way already, on a slow machine even at their end.
    expect(held.counts).toMatchObject({ pending: 1, failed: 0 })

    for (let time = 2; time <= 4; time += 1) expect((await finish(await reopenIn(world))).run.state).toBe('held')
    const mended = await finish(await reopenIn(world))
    expect(mended.run.state).toBe('completed')
    const [first, ...others] = await readAnswers(world)
    expect(first).toMatchObject({ llm_status: 'succeeded', llm_attempt: 1 })
    expect(others.map(({ llm_status }) => llm_status)).toEqual(others.map(() => 'succeeded'))
    expect(await finalBooks(world)).toMatchObject({ rowsBilled: 6, rowsBilledAgain: 0 })
  })
})
