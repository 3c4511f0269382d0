// Batches as the catalog would hold them, of 50,000 requests each; nothing of them was ever sent.
import { fromSources } from './from-sources.mjs'

const { plainGroup, systemClock } = await fromSources(['lib/clock', 'model/tally'])

export const REQUESTS = 50_000
const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }
export const FACTS = { bytes: 2_000_000, sha256: '0'.repeat(64) }
const FAILED = 500
const TOKENS = { promptTokens: 200, completionTokens: 60 }
const NOTHING = { cachedTokens: 0, reasoningTokens: 0, cacheWriteTokens: 0, hourWriteTokens: 0, withoutUsage: 0 }
/** Micro-dollars of a batch. */
const COST = 10_000_000

/**
 * A batch of a run, planned.
 * @param {string} nonce Of its attempt, unlike any other in the home.
 * @param {number} number Its place in the run, from 0.
 */
export function plannedBatch(nonce, number) {
  const firstOrdinal = number * REQUESTS
  return {
    target: TARGET,
    tokens: REQUESTS * TOKENS.promptTokens,
    tokenMethod: 'bytes',
    requestCount: REQUESTS,
    firstOrdinal,
    lastOrdinal: firstOrdinal + REQUESTS - 1,
    plan: null,
    tally: [plainGroup('batched', 0, { requests: REQUESTS, rows: REQUESTS }, 0)],
    taken: new Map(),
    reasked: { requests: 0, rows: 0 },
    contentHash: FACTS.sha256,
    mostOutputTokens: null,
    attempt: {
      nonce,
      inputName: `${number}.jsonl`,
      inputBytes: FACTS.bytes,
      inputSha256: FACTS.sha256,
      createdAt: systemClock.now(),
    },
  }
}

/** What is set aside for a batch before it is created. */
export function spendingOf(nonce) {
  const reservation = {
    id: nonce,
    kind: 'batch',
    target: TARGET,
    requests: REQUESTS,
    at: systemClock.now(),
    micros: COST,
  }
  return { reservation, since: systemClock.now() - 86_400_000, refuse: () => null }
}

/** What is written down before a batch is created. */
export function intentOf(nonce) {
  return {
    at: systemClock.now(),
    baseUrl: 'https://api.openai.com/v1',
    account: 'account',
    endpoint: TARGET.endpoint,
    model: TARGET.model,
    nonce,
    contentHash: FACTS.sha256,
    inputFileId: `file-${nonce}`,
    inputBytes: FACTS.bytes,
    inputSha256: FACTS.sha256,
    lineCount: REQUESTS,
    adapterVersion: 1,
  }
}

/** What became of a batch: one request in a hundred has failed. */
export function settlementOf(number) {
  const answers = REQUESTS - FAILED
  const used = {
    ...NOTHING,
    answers,
    promptTokens: answers * TOKENS.promptTokens,
    completionTokens: answers * TOKENS.completionTokens,
  }
  const counts = (requests) => ({ requests, rows: requests })
  const answered = { ...plainGroup('succeeded', 0, counts(answers), 0), status: 'succeeded', billed: 'yes', ...used }
  const failure = { status: 'failed', code: 'server_error', reason: 'The server had an error' }
  const settlement = {
    name: `${number}.columns`,
    facts: FACTS,
    resultFiles: [],
    cancelCause: null,
    tally: [answered, { ...plainGroup('failed', 0, counts(FAILED), 0), ...failure }],
    usage: [{ ...used, results: REQUESTS, isLong: false }],
  }
  return { settlement, bill: { ...used, micros: COST } }
}
