import { nonceFrom } from '../../src/model/ids.ts'
import type { RunDefinition } from '../../src/model/run.ts'
import type { NewBatchRecord, NewResult, RunStore, Store } from '../../src/store/store.ts'
import { sampleRun } from './run-records.ts'

/** A small run in a real store: its batches, and results as if a provider had sent them. */

const { definition, output } = sampleRun()

export const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

let made = 0

export function batch(requests: NewBatchRecord['requests']): NewBatchRecord {
  made += 1
  const nonce = nonceFrom(Buffer.from(`nonce ${made}`.padEnd(16)))
  const attempt = { nonce, inputName: `${nonce}.jsonl`, inputBytes: 100, inputSha256: 'sha', createdAt: made }
  return {
    target: TARGET,
    requests,
    tokens: 1,
    tokenMethod: 'bytes',
    contentHash: `hash ${made}`,
    mostOutputTokens: null,
    attempt,
  }
}

export function place(ordinal: number, parts: object = {}) {
  return { ordinal, row: ordinal, offset: ordinal * 100, length: 99, ...parts }
}

/** A request that takes the place of another. */
export function again(ordinal: number, replaces: number) {
  return place(ordinal, { row: null, replaces })
}

/** A run of so many rows in one batch, under way. */
export async function runOf(
  store: Store,
  rowCount: number,
  parts: Partial<RunDefinition> = { maxReasks: 2 },
): Promise<RunStore> {
  const id = 'aaaa-2026-11-27'
  await store.createRun({ id, definition: { ...definition, ...parts }, output, createdAt: 1 })
  const run = await store.write(id)
  const ordinals = Array.from({ length: rowCount }, (_, ordinal) => ordinal)
  await run.addRows(ordinals.map((ordinal) => ({ ordinal, line: ordinal + 1, id: null, problem: null })))
  await run.addBatch(batch(ordinals.map((ordinal) => place(ordinal))))
  const facts = {
    name: null,
    rowsHash: 'rows',
    requestsHash: 'requests',
    columns: [{ name: 'text', type: null }],
    files: [],
  }
  await run.sealRun({ ...facts, rowCount, requestCount: rowCount })
  await run.moveRun('running')
  return run
}

/** Ends the newest batch with these results; each request has used ten tokens and five. */
export async function settle(
  run: RunStore,
  ...results: readonly (Partial<NewResult> & { readonly ordinal: number })[]
) {
  const attempt = (await run.currentAttempts()).at(-1)
  if (!attempt) throw new Error('the run has no attempt')
  await run.moveAttempt(attempt.key, 'planned', 'submitted')
  await run.moveAttempt(attempt.key, 'submitted', 'ended')
  const usual = {
    status: 'succeeded',
    code: null,
    reason: null,
    billed: 'yes',
    promptTokens: 10,
    completionTokens: 5,
  } as const
  const rest = { cachedTokens: null, reasoningTokens: null, model: 'm', verdict: 'final', countsAsTry: true } as const
  await run.addResults(
    attempt.key,
    results.map((result) => ({ ...usual, ...rest, file: 'output', offset: result.ordinal * 10, length: 9, ...result })),
  )
  await run.settleAttempt(attempt.key, 'collected')
  return attempt.key
}
