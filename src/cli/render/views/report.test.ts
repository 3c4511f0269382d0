import { describe, expect, it } from 'vitest'
import {
  sampleAttempt,
  sampleCost,
  sampleCounts,
  sampleRun,
  sampleUsage,
} from '../../../../test/support/run-records.ts'
import type { RunReport } from '../../../workspace/report.ts'
import { colorsFor } from '../terminal/colors.ts'
import { renderReport } from './report.ts'

const plain = colorsFor({}, {})
const run = sampleRun({ name: 'triage', state: 'completed', requestCount: 50_000, rowCount: 50_000 })

const report: RunReport = {
  run: { ...run, finishedAt: run.createdAt + 12_000_000 },
  counts: sampleCounts({ succeeded: 49_900, failed: 80, truncated: 20 }),
  usage: [sampleUsage({ promptTokens: 1_234_567, completionTokens: 345_678, cachedTokens: 1_000 })],
  costUsd: 1.234,
  cost: sampleCost(1.234),
  attempts: [
    sampleAttempt({ stage: 'abandoned' }),
    sampleAttempt({ key: 2, number: 2, stage: 'collected' }),
    sampleAttempt({ key: 3, batch: 2, batchKey: 2, stage: 'collected' }),
  ],
  failures: [
    { status: 'failed', code: 'invalid_prompt', reason: 'too\nlong \x1b]52;c;aGk=\x07', count: 80 },
    { status: 'truncated', code: null, reason: null, count: 20 },
  ],
  retryable: {
    unbilled: [{ status: 'failed', rows: 75 }],
    billed: [
      { status: 'failed', rows: 5 },
      { status: 'truncated', rows: 20 },
    ],
    billedUsd: 0.0421,
  },
  checked: null,
  incidents: [],
}

const NOTHING: RunReport['retryable'] = { unbilled: [], billed: [], billedUsd: 0 }

const answers = {
  rows: 50_000,
  bytes: 1,
  formulaCells: 0,
  damagedRows: 0,
  failed: null,
  path: '/data/answers.csv',
  summaryPath: null,
}
const places = { answers, isExcelSafe: false, runFolder: '/home/me/runs/k3f9', now: run.createdAt }

describe('the report', () => {
  it('says what became of the rows, what it cost, where everything lies and what is left', () => {
    expect(renderReport(report, places, plain)).toBe(
      [
        'Run triage (k3f9-2026-11-23) is completed: 49,900 of 50,000 rows succeeded',
        '',
        '  Rows        49,900 succeeded, 80 failed, 20 truncated',
        '              80 failed: invalid_prompt: too long',
        '              20 truncated: no reason given',
        '  Tokens      1,234,567 in (1,000 cached), 345,678 out',
        '  Cost        $1.23, $1.23 less than synchronous calls',
        '  Prices      as of 2026-09-23 (a price page)',
        '  Time        3h 20m',
        '  Batches     2, 1 more attempt',
        '  Answers     /data/answers.csv',
        '  Run folder  /home/me/runs/k3f9',
        '',
        'Next: llm-batch retry k3f9-2026-11-23   (sends 75 failed rows again; nothing was billed for them)',
        '      llm-batch retry k3f9-2026-11-23 --status failed,truncated --max-tokens N   (buys 25 rows again: 5 failed, 20 truncated; they cost $0.04 the last time)',
        '',
      ].join('\n'),
    )
  })

  it.each<[string, Partial<RunReport>, RegExp]>([
    ['nothing where every row succeeded', { counts: sampleCounts({ succeeded: 10 }) }, /Run folder {2}\S+\n$/],
    ['to resume a run that is not finished', { run: { ...run, state: 'paused' } }, /\nNext: llm-batch resume k3f9/],
    [
      'to resume a held run',
      { run: { ...run, state: 'held', reason: { kind: 'account_problem', words: 'no credit' } } },
      /resume k3f9.*after the cause/,
    ],
    [
      'to send again what expired',
      { retryable: { ...NOTHING, unbilled: [{ status: 'expired', rows: 1 }] } },
      /Next: llm-batch retry k3f9-2026-11-23 {3}\(sends 1 expired row again; nothing was billed for them\)\n$/,
    ],
    [
      'to buy cut answers again',
      { retryable: { ...NOTHING, billed: [{ status: 'truncated', rows: 1 }], billedUsd: 0.5 } },
      /Next: llm-batch retry k3f9-2026-11-23 --status truncated --max-tokens N {3}\(buys 1 truncated row again; .*\$0\.50/,
    ],
    [
      'rows whose bill is unknown',
      { retryable: { unbilled: [], billed: [{ status: 'missing', rows: 2 }], billedUsd: null } },
      /retry k3f9-2026-11-23 --status missing {3}\(buys 2 missing rows again; what they cost is not known\)/,
    ],
  ])('names %s', (_, parts, expected) => {
    const text = renderReport({ ...report, retryable: NOTHING, ...parts }, places, plain)
    expect(text).toMatch(expected)
  })

  it('counts the rows whose cause is not shown, and says where all causes are', () => {
    const failures = ['a', 'b', 'c', 'd', 'e'].map(
      (code) => ({ status: 'failed', code, reason: null, count: 1 }) as const,
    )
    const counts = sampleCounts({ succeeded: 3, failed: 7 })
    const text = renderReport({ ...report, counts, failures }, places, plain)
    expect(text).toContain('2 rows with other causes: llm-batch results k3f9-2026-11-23 --summary\n')
    expect(renderReport({ ...report, counts, failures: failures.slice(1) }, places, plain)).not.toContain(
      'other causes',
    )
  })

  it('admits what is not known', () => {
    const unknown = { ...report, costUsd: null, cost: sampleCost(null), usage: [sampleUsage({ withoutUsage: 3 })] }
    const text = renderReport(unknown, places, plain)
    expect(text).toMatch(/Cost +unknown/)
    expect(text).toContain('not counted by the provider for 3 results')
  })

  it('tells what was asked directly at a deadline, and what it would have cost otherwise', () => {
    const cost = sampleCost(3, { tail: { answers: 4, totalUsd: 2, batchUsd: 1 } })
    expect(renderReport({ ...report, cost }, places, plain)).toContain(
      '$2.00 for 4 answers asked directly at the deadline; the price in batches would have been $1.00',
    )
  })

  it('tells the cost of each model and of every kind of attempt, and what stands against the cap', () => {
    const target = { provider: 'mistral', endpoint: '/v1/chat/completions', model: 'mistral-small-latest' }
    const [model] = report.cost.models
    if (!model) throw new Error('the sample has a model')
    const cost = sampleCost(3, {
      models: [model, { ...model, target, totalUsd: null, pricedAsOf: null, priceSource: null }],
      attempts: [
        { batch: 1, attempt: 1, kind: 'direct', totalUsd: 0.5 },
        { batch: 2, attempt: 1, kind: 'batch', totalUsd: 1 },
        { batch: 3, attempt: 1, kind: 'batch', totalUsd: 1.25 },
        { batch: 3, attempt: 2, kind: 'batch', totalUsd: null },
      ],
      maxUsd: 5,
      reservedUsd: 0.75,
    })
    const lines = renderReport({ ...report, cost }, places, plain)
      .split('\n')
      .map((line) => line.trim())
    expect(lines).toEqual(
      expect.arrayContaining([
        'Cost        $3.00, $3.00 less than synchronous calls',
        '$1.23 at openai/gpt-6.1-terra',
        'unknown at mistral/mistral-small-latest',
        '$0.50 in direct calls before the batches',
        '$2.25 in batches that were sent first',
        'unknown in batches that sent rows again',
        'Cost cap    $5.00',
        'Set aside   $0.75 for batches that are not finished',
      ]),
    )
  })

  it('warns of cells that a spreadsheet would run', () => {
    const risky = { ...places, answers: { ...answers, formulaCells: 2 } }
    expect(renderReport(report, risky, plain)).toContain('2 answer cells would be run by a spreadsheet')
    expect(renderReport(report, { ...risky, isExcelSafe: true }, plain)).toContain("now begin with '")
  })

  it('lists what to take up with the provider', () => {
    const incident = {
      at: 0,
      kind: 'duplicate_batch',
      detail: 'made twice',
      remoteIds: ['batch_1', 'batch_2'],
    } as const
    const text = renderReport({ ...report, incidents: Array.from({ length: 7 }, () => incident) }, places, plain)
    expect(text).toContain('! made twice (batch_1, batch_2)\n')
    expect(text).toContain('! and 2 more\n')
  })
})
