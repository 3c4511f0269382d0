// Makes a home with one run of so many batches of 50,000 requests each, all answered but the last ten, by writing what the
// catalog would hold; the files of the run are not there. `node make-large-home.mjs BATCHES HOME`.
import { startRun } from '../dist/index.js'
import { fromSources } from './from-sources.mjs'

const REQUESTS = 50_000
const FAILED = 500
const ON_THEIR_WAY = 10
const RUN = 'k3f9-2026-11-28'
const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }
const FACTS = { bytes: 2_000_000, sha256: '0'.repeat(64) }
const TOKENS = { promptTokens: 200, completionTokens: 60 }
const NOTHING = { cachedTokens: 0, reasoningTokens: 0, cacheWriteTokens: 0, hourWriteTokens: 0, withoutUsage: 0 }

const { openFolderStore, plainGroup, systemClock, systemDisk } = await fromSources([
  'lib/clock',
  'lib/disk',
  'model/tally',
  'store/folder/folder-store',
])
const [count, home] = process.argv.slice(2)
const batches = Number(count)
// What defines a run is taken from one that the program made itself.
const sample = await startRun({ input: [{ text: 'one' }], home, model: 'openai/gpt-6.1-terra', prompt: '{{text}}' })
await sample.close()
const store = await openFolderStore({ home, disk: systemDisk, clock: systemClock })
const [{ definition, id, output }] = await store.listRuns()
await store.createRun({ id: RUN, definition, output, createdAt: systemClock.now() })
await store.dropRun(id)
const run = await store.write(RUN)
const attempts = []
for (let number = 0; number < batches; number += 1) attempts.push(await run.addBatch(batch(number)))
await run.addPortion({
  number: 1,
  definition,
  batches: [],
  rowCount: batches * REQUESTS,
  requestCount: batches * REQUESTS,
  skippedCount: 0,
  columns: [{ name: 'text', type: null }],
  files: [],
  sharing: null,
  rowFiles: { rows: FACTS, facts: FACTS },
  tallies: new Map(),
})
await run.beginRun({
  name: null,
  isOpen: false,
  rowsHash: FACTS.sha256,
  requestsHash: FACTS.sha256,
  carried: null,
})
await run.moveRun('running')
for (const [number, key] of attempts.entries()) {
  await run.moveAttempt(key, 'planned', 'submitted', { remoteId: `batch_${number}`, submittedAt: systemClock.now() })
  if (number >= batches - ON_THEIR_WAY) continue
  await run.moveAttempt(key, 'submitted', 'ended')
  const endedAt = systemClock.now()
  await run.settleAttempt(key, 'collected', { endedAt, auditedAt: endedAt }, settlement(number))
}
await store.close()

function batch(number) {
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
      nonce: `nonce${number}`,
      inputName: `${number}.jsonl`,
      inputBytes: FACTS.bytes,
      inputSha256: FACTS.sha256,
      createdAt: systemClock.now(),
    },
  }
}

function settlement(number) {
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
  return {
    name: `${number}.columns`,
    facts: FACTS,
    resultFiles: [],
    cancelCause: null,
    tally: [answered, { ...plainGroup('failed', 0, counts(FAILED), 0), ...failure }],
    usage: [{ ...used, results: REQUESTS, isLong: false }],
  }
}
