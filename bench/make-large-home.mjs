// Makes a home with one run of so many batches of 50,000 requests each, all answered but the last ten, by writing what the
// catalog would hold; the files of the run are not there. With RUNS the batches are those of so many runs that share a
// queue: of each run half are answered, twenty on their way, two uploaded and waiting for room, and the others planned.
// The home is a folder, or an address of Postgres. `node make-large-home.mjs BATCHES HOME [RUNS]`.
import { join } from 'node:path'
import { startRun } from '../dist/index.js'
import { BatchCopier } from './copy-batches.mjs'
import { fromSources } from './from-sources.mjs'
import { FACTS, intentOf, plannedBatch, REQUESTS, settlementOf, spendingOf } from './made-batches.mjs'

const ON_THEIR_WAY = 10
const OPEN = 20
const WAITING = 2
const FULL = { kind: 'queue_full', words: 'the queue is full' }
const DAY = '2026-11-28'
const TEMPLATE = `zzzz-${DAY}`

const { createStore, homeAt, makePostgresHome, PostgresDatabase, Sessions, SqliteDatabase, systemClock } =
  await fromSources([
    'config/home-address',
    'lib/clock',
    'store/catalog-store',
    'store/folder/sqlite-database',
    'store/postgres/postgres-database',
    'store/postgres/postgres-store',
    'store/postgres/sessions',
  ])
const [count, place, runs = '1'] = process.argv.slice(2)
const home = homeAt(place, process.cwd(), null)
const each = Number(count) / Number(runs)
const parts = Number(runs) === 1 ? allButTheLast() : halfWay()

if (home.kind === 'database') await makePostgresHome(home, '/nowhere', systemClock)
// What defines a run is taken from one that the program made itself.
const sample = await startRun({
  input: [{ text: 'one' }],
  home: place,
  model: 'openai/gpt-6.1-terra',
  prompt: '{{text}}',
})
await sample.close()
const database = open()
const store = createStore({ database, clock: systemClock, mayLoseLocks: false })
const [{ definition, id, output }] = await store.listRuns()
await store.dropRun(id)
const templates = await makeTemplates()
await database.transaction(async (sql) => {
  const copier = new BatchCopier(sql)
  const inside = createStore({ database: inOneTransaction(sql), clock: systemClock, mayLoseLocks: false })
  for (let number = 0; number < Number(runs); number += 1) await makeRun(inside, copier, number)
})
await store.dropRun(TEMPLATE)
await database.close()

function open() {
  if (home.kind === 'folder') return new SqliteDatabase(join(home.path, 'state.db'), systemClock)
  return new PostgresDatabase(new Sessions(home), systemClock, home.schema)
}

/** The verbs of a store in a transaction that is under way. */
function inOneTransaction(sql) {
  return { read: (work) => work(sql), transaction: (work) => work(sql), close: async () => undefined }
}

function allButTheLast() {
  return { collected: each - ON_THEIR_WAY, submitted: ON_THEIR_WAY }
}

function halfWay() {
  const half = Math.floor(each / 2)
  return { collected: half, submitted: OPEN, uploaded: WAITING, planned: each - half - OPEN - WAITING }
}

/** A batch for each stage, taken there by the verbs of the store; the others are copies of them. */
async function makeTemplates() {
  await store.createRun({ id: TEMPLATE, definition, output, createdAt: systemClock.now() })
  const run = await store.write(TEMPLATE)
  const found = {}
  for (const [number, stage] of ['collected', 'submitted', 'uploaded', 'planned'].entries()) {
    const nonce = `nonce-${stage}`
    const key = await run.addBatch(plannedBatch(nonce, number))
    await takeTo(run, stage, { key, nonce, number })
    found[stage] = { attempt: key, batch: (await run.batches())[number].key, nonce }
  }
  return found
}

async function makeRun(inside, copier, number) {
  const runId = `${number.toString(36).padStart(4, 'k')}-${DAY}`
  await inside.createRun({ id: runId, definition, output, createdAt: systemClock.now() + number })
  const run = await inside.write(runId)
  let first = 1
  for (const [stage, some] of Object.entries(parts)) {
    await copier.copy(templates[stage], runId, first, some)
    first += some
  }
  await run.addPortion({
    number: 1,
    definition,
    batches: [],
    rowCount: each * REQUESTS,
    requestCount: each * REQUESTS,
    skippedCount: 0,
    columns: [{ name: 'text', type: null }],
    files: [],
    sharing: null,
    rowFiles: { writer: null, rows: FACTS, facts: FACTS, index: null },
    tallies: new Map(),
  })
  // Other rows than those of any other run.
  const hash = number.toString(16).padStart(64, '0')
  await run.beginRun({ name: null, isOpen: false, rowsHash: hash, requestsHash: hash, carried: null })
  await run.moveRun('running')
}

/** Takes a planned batch as far as a run would. */
async function takeTo(run, stage, { key, nonce, number }) {
  if (stage === 'planned') return
  const now = systemClock.now()
  await run.moveAttempt(key, 'planned', 'uploaded', { inputFileId: `file-${nonce}`, uploadedAt: now })
  if (stage === 'uploaded') {
    await run.noteAttempt(key, { waitingSince: now, nextAt: now + 60_000, reasonCode: 'queue_full', reason: FULL })
    return
  }
  const { intent } = await run.openIntent(key, intentOf(nonce), () => ({ isAdmitted: true }), spendingOf(nonce))
  const seen = { remoteId: `batch_${nonce}`, remoteStatus: 'in_progress', polls: 1, submittedAt: now, lastPollAt: now }
  await run.closeIntent(intent.key, 'created', 'submitted', { ...seen, nextAt: now + 300_000 })
  await run.addRemoteBatch(key, { id: `batch_${nonce}`, seenAt: now, role: 'ours' })
  if (stage === 'submitted') return
  await run.moveAttempt(key, 'submitted', 'ended', { endedAt: now })
  const { bill, settlement } = settlementOf(number)
  await run.settleAttempt(key, 'collected', { auditedAt: now }, settlement, bill)
}
