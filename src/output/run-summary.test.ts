import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sampleAttempt, sampleCost, sampleCounts, sampleRun, sampleUsage } from '../../test/support/run-records.ts'
import { systemDisk } from '../lib/disk.ts'
import { type RunFacts, summaryPathOf, writeRunSummary } from './run-summary.ts'

const facts: RunFacts = {
  run: sampleRun({ name: 'triage', finishedAt: Date.UTC(2026, 10, 23, 12) }),
  version: '0.1.0',
  counts: sampleCounts({ failed: 1, succeeded: 9 }),
  usage: [sampleUsage({ promptTokens: 120, withoutUsage: 1 })],
  checked: null,
  costUsd: null,
  cost: sampleCost(null, { maxUsd: 5 }),
  attempts: [sampleAttempt({ remoteId: 'batch_1', rawStatus: 'completed', stage: 'collected' })],
  answers: { rows: 10, bytes: 1_000, formulaCells: 2, damagedRows: 0, failed: { path: '/data/failed.jsonl', rows: 1 } },
  selection: null,
}

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-summary-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('the summary of a run', () => {
  it('lies beside the answers and tells how they were made', async () => {
    const path = await writeRunSummary(join(folder, 'out.jsonl'), facts, systemDisk)
    expect(path).toBe(summaryPathOf(join(folder, 'out.jsonl'), facts.run.output))
    expect(await readdir(folder)).toEqual(['out.jsonl.run.json'])
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      version: 1,
      madeBy: { llmBatch: '0.1.0' },
      run: { id: facts.run.id, name: 'triage' },
      finishedAt: '2026-11-23T12:00:00.000Z',
      counts: { succeeded: 9, failed: 1, skipped: 0 },
      costUsd: null,
      cost: { savedUsd: null, maxUsd: 5, models: [{ model: 'gpt-6.1-terra', pricedAsOf: '2026-09-23' }] },
      usage: [{ model: 'gpt-6.1-terra', promptTokens: 120, withoutUsage: 1 }],
      batches: [{ batch: 1, attempt: 1, remoteId: 'batch_1', remoteStatus: 'completed' }],
      answers: { rows: 10, formulaCells: 2, damagedRows: 0, failedRows: 1 },
    })
  })

  it('names prompts by their hash only', async () => {
    const text = await readFile(await writeRunSummary(join(folder, 'out.csv'), facts, systemDisk), 'utf8')
    expect(text).not.toContain('Classify')
    // printf 'Classify {{text}}' | sha256sum
    expect(text).toContain('"sha256": "b309abc3c08e358acb824e663059739f26c8e84b8fb160275f3f3902780fef92"')
    expect(text).toContain('"system": {\n    "sha256": null\n  }')
  })

  it('is the same text whatever the order in which counts were gathered', async () => {
    const reversed = Object.fromEntries(Object.entries(facts.counts).reverse()) as typeof facts.counts
    const first = await readFile(await writeRunSummary(join(folder, 'a.csv'), facts, systemDisk), 'utf8')
    const second = await readFile(
      await writeRunSummary(join(folder, 'b.csv'), { ...facts, counts: reversed }, systemDisk),
      'utf8',
    )
    expect(second).toBe(first)
  })
})
