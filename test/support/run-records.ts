import { PLAIN_OUTPUT, type RunDefinition } from '../../src/model/run.ts'
import type { AttemptRecord, UsageTotal } from '../../src/store/port/attempt.ts'
import type { RequestCounts } from '../../src/store/port/batch.ts'
import type { RunRecord } from '../../src/store/port/run.ts'
import type { RunCost } from '../../src/workspace/run-cost.ts'

const STARTED_AT = Date.UTC(2026, 10, 23, 8)

/** Counts of a run; states that are not given are zero. */
export function sampleCounts(parts: Partial<RequestCounts> = {}): RequestCounts {
  return {
    succeeded: 0,
    failed: 0,
    expired: 0,
    cancelled: 0,
    refused: 0,
    truncated: 0,
    invalid: 0,
    missing: 0,
    pending: 0,
    batched: 0,
    skipped: 0,
    ...parts,
  }
}

/** What defines a run of one question for each row, with the wishes that are given. */
export function sampleDefinition(parts: Partial<RunDefinition> = {}): RunDefinition {
  return {
    version: 1,
    provider: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    model: 'gpt-6.1-terra',
    shape: 'records',
    endpoint: null,
    textColumn: null,
    suffixColumn: null,
    hasTextLists: false,
    inputPaths: ['/data/tickets.csv'],
    prompt: '{{text}}',
    system: null,
    messages: null,
    messagesColumn: null,
    imageColumns: [],
    imageDetail: null,
    maxTokens: null,
    temperature: null,
    parameters: {},
    timeoutHours: null,
    idColumn: null,
    skipInvalid: false,
    primeCache: false,
    dedupe: null,
    answer: null,
    maxReasks: 0,
    ...parts,
  }
}

/** A run of ten rows that is under way since 8 o'clock. */
export function sampleRun(parts: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 'k3f9-2026-11-23',
    name: null,
    state: 'running',
    reason: null,
    definition: sampleDefinition({ prompt: 'Classify {{text}}' }),
    output: { ...PLAIN_OUTPUT, path: '/data/answers.jsonl' },
    createdAt: STARTED_AT,
    finishedAt: null,
    rowCount: 10,
    requestCount: 10,
    rowsHash: 'a'.repeat(64),
    requestsHash: 'b'.repeat(64),
    account: null,
    maxCostMicros: null,
    priority: 'normal',
    cancelRequestedAt: null,
    cancelCause: null,
    deadline: null,
    stopLoss: null,
    carried: null,
    isCanaryDue: false,
    reopenings: [],
    tailBegunAt: null,
    isOpen: false,
    columns: [{ name: 'text', type: null }],
    files: [],
    ...parts,
  }
}

/** The first attempt of the first batch, planned. */
export function sampleAttempt(parts: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    key: 1,
    batchKey: 1,
    batch: 1,
    kind: 'batch',
    number: 1,
    target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' },
    requestCount: 10,
    tokens: 2_500,
    mostOutputTokens: null,
    contentHash: 'c'.repeat(64),
    stage: 'planned',
    nonce: '0abcdefgh',
    inputName: '1-1.jsonl',
    inputBytes: 10_000,
    inputSha256: 'd'.repeat(64),
    createdAt: STARTED_AT,
    firstNonce: '0abcdefgh',
    firstInputName: '1-1.jsonl',
    inputFileId: null,
    remoteId: null,
    remoteStatus: null,
    rawStatus: null,
    outputFileId: null,
    errorFileId: null,
    remoteTotal: null,
    remoteCompleted: null,
    remoteFailed: null,
    remoteCreatedAt: null,
    expiresAt: null,
    submittedAt: null,
    endedAt: null,
    lastPollAt: null,
    polls: 0,
    failures: 0,
    nextAt: 0,
    reconcileStep: null,
    reasonCode: null,
    reason: null,
    heldFrom: null,
    auditedAt: null,
    waitingSince: null,
    usage: [],
    uploadedAt: null,
    ...parts,
  }
}

/** Tokens of ten results. */
export function sampleUsage(parts: Partial<UsageTotal> = {}): UsageTotal {
  return {
    target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' },
    results: 10,
    promptTokens: 100,
    completionTokens: 20,
    cachedTokens: 0,
    reasoningTokens: 0,
    cacheWriteTokens: 0,
    hourWriteTokens: 0,
    withoutUsage: 0,
    ...parts,
  }
}

/** The cost of a run by one model, in one attempt. */
export function sampleCost(totalUsd: number | null, parts: Partial<RunCost> = {}): RunCost {
  const synchronousUsd = totalUsd === null ? null : totalUsd * 2
  const target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }
  return {
    totalUsd,
    synchronousUsd,
    savedUsd: totalUsd,
    models: [{ target, totalUsd, synchronousUsd, pricedAsOf: '2026-09-23', priceSource: 'a price page' }],
    attempts: [{ batch: 1, attempt: 1, kind: 'batch', totalUsd }],
    tail: null,
    maxUsd: null,
    reservedUsd: 0,
    ...parts,
  }
}
