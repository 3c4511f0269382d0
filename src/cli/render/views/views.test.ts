import { describe, expect, it } from 'vitest'
import { sampleAttempt, sampleCost, sampleCounts, sampleRun } from '../../../../test/support/run-records.ts'
import type { Problem } from '../../../model/problem.ts'
import type { PlanSummary } from '../../../plan/summary.ts'
import { findPrice } from '../../../prices/cost.ts'
import { lifetimesOf } from '../../../workspace/lifetime.ts'
import { colorsFor } from '../terminal/colors.ts'
import { displayWidth } from '../terminal/width.ts'
import { describeRequests } from '../words/estimate-words.ts'
import { type PlanView, renderPlan } from './plan-view.ts'
import { renderProblems } from './problems.ts'
import { renderRuns } from './runs-view.ts'
import { type RunStatus, renderStatus } from './status-view.ts'

const plain = colorsFor({}, {})

describe('problems', () => {
  const problems = Array.from(
    { length: 25 },
    (_, at): Problem => ({ code: 'invalid_json', line: at * 50 + 1, detail: `bad\n\x1b[2Jrow ${at}` }),
  )

  it('are shown up to the twentieth with their lines, the rest is counted', () => {
    const lines = renderProblems(problems, 1_234, plain).split('\n')
    expect(lines[0]).toBe('1,234 rows cannot be used:')
    expect(lines[1]).toBe('  line   1  invalid_json: bad row 0')
    expect(lines[20]).toBe('  line 951  invalid_json: bad row 19')
    expect(lines[21]).toBe('  and 1,214 more')
  })

  it('that do not exist take no line', () => {
    expect(renderProblems([], 0, plain)).toBe('')
  })
})

describe('the plan', () => {
  const target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }
  const size = { requests: 998, directRequests: 0, batches: 2, bytes: 1_500_000, tokens: 120_000 }
  const output = { expectedOutputTokens: 399_200, mostOutputTokens: null }
  const cost = { expectedUsd: 0.41, mostUsd: null, reasksUsd: 0, synchronousUsd: 0.83, synchronousMostUsd: null }
  const found = findPrice('openai', 'gpt-6.1-terra')
  const price = found && { ...found, asOf: '2026-09-23', source: 'a price page' }
  const plan: PlanView = {
    input: '/data/tickets.csv',
    summary: {
      rows: 1_000,
      problems: 2,
      emptyPlaceholders: 3,
      ...size,
      ...output,
      cost,
      targets: [
        {
          target,
          ...size,
          ...output,
          cost,
          price,
          expectedAnswer: { tokens: 400, basis: 'assumed' },
          queue: { tokens: 50_000, rounds: 3 },
        },
      ],
      reasks: null,
      diskBytes: 5_000_000,
      sharing: { carried: null, shared: { rows: 0, savedUsd: 0 }, sharable: null },
      promptCache: null,
      recovery: 'marked',
      advice: [],
    },
    freeBytes: 80_000_000_000,
    firstPrompt: Array.from({ length: 12 }, (_, at) => `line ${at}`).join('\n'),
    problems: [{ code: 'missing_column', line: 7, detail: 'no column text' }],
    problemCount: 2,
    notes: ['something to know'],
  }

  it('shows what would be sent, with the beginning of the first prompt', () => {
    expect(renderPlan(plan, plain)).toBe(
      [
        'Plan: nothing is sent',
        '',
        '  Input       /data/tickets.csv',
        '  Rows        1,000, 2 of them skipped for a problem, 3 with nothing but empty placeholders',
        '  Requests    998 in 2 batches',
        '  Tokens      about 120,000 in, 399,200 out expected',
        '  Answers     400 tokens each, assumed, because this home has no answers of the model yet',
        '  Cost        about $0.41 (set --max-tokens to know the maximum)',
        '  Full price  about $0.83',
        '  Prices      as of 2026-09-23 (a price page)',
        '  Time        3 rounds of the queue, each of up to 24h; 50,000 input tokens may wait at once for openai/gpt-6.1-terra',
        '  Disk        5.0 MB of 80 GB free',
        '',
        'model                 endpoint              batches  requests  upload   cost',
        'openai/gpt-6.1-terra  /v1/chat/completions        2       998  1.5 MB  $0.41',
        '',
        'First prompt',
        ...Array.from({ length: 10 }, (_, at) => `  line ${at}`),
        '  … and 2 more lines',
        '',
        '2 rows cannot be used:',
        '  line 7  missing_column: no column text',
        '  and 1 more',
        '',
        '! something to know',
        '',
      ].join('\n'),
    )
  })
})

describe('the requests of a plan', () => {
  it('are told with those that are asked directly first', () => {
    const summary = { requests: 2_010, directRequests: 10, batches: 1 } as PlanSummary
    expect(describeRequests(summary)).toBe('10 asked directly first, at the full price; 2,000 in 1 batch')
  })
})

describe('the status', async () => {
  const noCredit = (words: string) => ({ kind: 'account_problem', words }) as const
  const why = noCredit('no credit\x1b[2J')
  const run = sampleRun({ state: 'held', reason: { kind: 'batch_held', batch: 2, why, others: 0 } })

  const status: RunStatus = {
    areAnswersThere: false,
    retryable: { unbilled: [], billed: [], billedUsd: 0 },
    isWorkedOn: false,
    hasWorkers: false,
    run,
    counts: sampleCounts({ succeeded: 5, batched: 5 }),
    attempts: [
      sampleAttempt({ stage: 'collected', remoteId: 'batch_abc', submittedAt: 0, endedAt: 60_000, polls: 4 }),
      sampleAttempt({ batch: 2, number: 2, stage: 'held', reason: noCredit('no credit') }),
      sampleAttempt({ batch: 3, stage: 'submitted', remoteStatus: 'cancelling', submittedAt: run.createdAt }),
      sampleAttempt({ batch: 4, stage: 'rejected' }),
      sampleAttempt({ batch: 5, stage: 'ended', submittedAt: run.createdAt, endedAt: run.createdAt + 10_000 }),
    ],
    cost: sampleCost(0.5, { maxUsd: 5, reservedUsd: 0.25 }),
    now: run.createdAt + 30_000,
    lifetimeOf: await lifetimesOf(run),
    recovery: 'marked',
    evidence: null,
  }

  it('shows the run, its batches in words for people, and the next command', () => {
    const text = renderStatus(status, plain)
    expect(text.split('\n')).toEqual([
      'Run k3f9-2026-11-23',
      '',
      '  State      held: batch 2 is held: no credit',
      '  Rows       5 of 10 done (50%): 5 succeeded',
      '  Cost       $0.50 until now',
      '  Cost cap   $5.00',
      '  Set aside  $0.25 for batches that are not finished',
      '  Model      openai/gpt-6.1-terra',
      '  Input      /data/tickets.csv',
      '  Answers    to be written to /data/answers.jsonl',
      '  Started    2026-11-23T08:00:00.000Z',
      '  Live test  not done at this provider yet; do it with: llm-batch doctor --live --model openai/gpt-6.1-terra',
      '',
      'batch  state             requests  id at the provider       time  results kept                    looks  reason',
      '    1  collected               10  batch_abc                  1m  here                                4',
      '    2  held (attempt 2)        10  -                                                                  0  no credit',
      '    3  cancelling              10  -                   30s of 1d  30d after it ends                   0',
      '    4  refused                 10  -                                                                  0',
      '    5  checking results        10  -                         10s  until 2026-12-23, 29d 23h left      0',
      '',
      'Next: llm-batch resume k3f9-2026-11-23   (after the cause is gone)',
      '',
    ])
  })

  it('has two lines for each batch in a terminal that is too narrow for one', () => {
    expect(renderStatus(status, plain, 80).split('\n').slice(13, -3)).toEqual([
      'batch  state             requests       time  results kept',
      '    1  collected               10         1m  here',
      '       batch_abc, 4 looks',
      '    2  held (attempt 2)        10',
      '       no credit',
      '    3  cancelling              10  30s of 1d  30d after it ends',
      '    4  refused                 10',
      '    5  checking results        10        10s  until 2026-12-23, 29d 23h left',
    ])
  })
})

describe('the list of runs', () => {
  const run = sampleRun({ name: '漢字 triage' })

  it('is a table', () => {
    const counts = sampleCounts({ succeeded: 4, failed: 1, batched: 5 })
    expect(renderRuns([{ run, counts }], run.createdAt + 7_200_000, plain).split('\n')).toEqual([
      'run              name         state    done  rows  failed  model                 started',
      'k3f9-2026-11-23  漢字 triage  running   50%    10       1  openai/gpt-6.1-terra   2h ago',
      '',
    ])
  })

  it('fits a terminal of 80 columns, with ids and numbers whole, and names a paused run unfinished', () => {
    const long = sampleRun({ name: 'tickets of the whole last year', state: 'paused', rowCount: 1_200_000 })
    const counts = sampleCounts({ succeeded: 900_000, failed: 100_000, batched: 200_000 })
    const [, line = ''] = renderRuns([{ run: long, counts }], long.createdAt + 96_000_000, plain, 80).split('\n')
    expect(displayWidth(line)).toBeLessThanOrEqual(80)
    expect(line).toMatch(/^k3f9-2026-11-23 {2}tick.*… {2}unfinished +83% +1,200,000 +100,000 .* ago$/)
  })

  it('says how to begin where there is none', () => {
    expect(renderRuns([], 0, plain)).toContain('llm-batch run INPUT')
  })
})
