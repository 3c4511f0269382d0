import { createHash } from 'node:crypto'
import { BatchWriter } from '../../src/batching/batch-writer.ts'
import type { EarlierEntry } from '../../src/batching/batcher.ts'
import { settlementOf } from '../../src/collect/settlement.ts'
import { takerOf } from '../../src/drive/replan.ts'
import { BufferedWriter } from '../../src/lib/atomic-file.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { type Disk, systemDisk } from '../../src/lib/disk.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { frozenLine } from '../../src/log/frozen-line.ts'
import { Outcomes } from '../../src/log/outcomes.ts'
import { RowFactsWriter } from '../../src/log/row-facts.ts'
import { type RowRecord, rowRecords } from '../../src/log/row-records.ts'
import { WeightCounter } from '../../src/log/row-weights.ts'
import { type PresentRequest, RunLog } from '../../src/log/run-log.ts'
import { tallyOf } from '../../src/log/tally-of.ts'
import type { BatchKind } from '../../src/model/batch.ts'
import { nonceFrom, wireId } from '../../src/model/ids.ts'
import type { Problem } from '../../src/model/problem.ts'
import type { RequestResult } from '../../src/model/request-result.ts'
import type { RunDefinition } from '../../src/model/run.ts'
import { plainGroup, type TallyGroup } from '../../src/model/tally.ts'
import { longContextTokens } from '../../src/prices/price.ts'
import type { AttemptRecord } from '../../src/store/port/attempt.ts'
import type { NewBatchRecord, NewPortion, Settlement } from '../../src/store/port/batch.ts'
import type { BegunFacts } from '../../src/store/port/run.ts'
import { runFolder } from '../../src/store/run-folder.ts'
import type { RunStore, Store } from '../../src/store/store.ts'
import { sampleRun } from './run-records.ts'

/** A small run in a real store with real files, written as the program does it; results as if a provider had sent them. */

export const TARGET = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' }

/** Input tokens above which a result of the target is counted apart. */
export const LONG_TOKENS = longContextTokens(TARGET.provider)

/** A run under way, with all that writes and reads it. */
export type StoredRun = Awaited<ReturnType<typeof createRun>>

/** A row to be frozen: the request of an earlier row that it shares, or its problem; else it has a request of its own. */
export type NewRow = { readonly id?: string; readonly shares?: number; readonly problem?: Problem }

/** A result of a request, and what differs from the usual answer. */
export type NewResult = Partial<RequestResult> & { readonly ordinal: number }

let made = 0

/** A run without rows. */
export async function createRun(
  store: Store,
  home: string,
  definition: Partial<RunDefinition> = { maxReasks: 2 },
  disk: Disk = systemDisk,
) {
  made += 1
  const id = `r${made}-2026-11-27`
  const sample = sampleRun()
  await store.createRun({ ...sample, id, definition: { ...sample.definition, ...definition }, createdAt: made })
  const folder = runFolder(home, id)
  for (const path of [folder.inputs, folder.results]) await disk.makeFolder(path)
  return { id, disk, folder, store: await store.write(id), clock: systemClock, random: systemRandom }
}

/** A run of so many rows, each with a request of its own, in one batch. */
export async function runOf(
  store: Store,
  home: string,
  rowCount: number,
  definition?: Partial<RunDefinition>,
): Promise<StoredRun> {
  const run = await createRun(store, home, definition)
  await addNew(run, range(rowCount))
  await seal(
    run,
    range(rowCount).map(() => ({})),
  )
  return run
}

export function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}

/** Freezes requests that no batch has held; returns the key of their attempt. */
export async function addNew(run: StoredRun, ordinals: readonly number[], kind: BatchKind = 'batch'): Promise<number> {
  return await addRequests(
    run,
    ordinals.map((ordinal) => ({ ordinal })),
    kind,
  )
}

async function addRequests(
  run: StoredRun,
  requests: readonly { readonly ordinal: number; readonly earlier?: EarlierEntry }[],
  kind: BatchKind,
): Promise<number> {
  const writer = await BatchWriter.open(run, TARGET, { kind, tokenMethod: 'bytes' })
  for (const { ordinal, earlier } of requests) {
    const body = JSON.stringify({ question: ordinal, turn: earlier?.turn ?? 0 })
    const line = Buffer.from(frozenLine({ wireId: wireId(writer.prefix, ordinal), target: TARGET, body }))
    await writer.addLine(
      { ordinal, target: TARGET, body, mostOutputTokens: null, ...(earlier && { earlier }) },
      line,
      1,
    )
  }
  return await run.store.addBatch(await writer.finish())
}

/** Writes down the rows, and ends preparing. */
export async function seal(run: StoredRun, rows: readonly NewRow[], parts: Partial<SealedFacts> = {}): Promise<void> {
  const { disk, folder, store } = run
  const files = folder.portion(1)
  const file = await disk.open(files.rowFacts, 'write')
  const hash = createHash('sha256')
  const buffer = new BufferedWriter(file, hash)
  const facts = new RowFactsWriter(buffer)
  const counter = new WeightCounter()
  for (const [index, { id = null, problem = null, shares = null }] of rows.entries()) {
    await facts.add({ line: index + 1, id, problem, shares, content: null })
    if (shares !== null) counter.add(shares)
  }
  await buffer.flush()
  await file.close()
  const rowFacts = { bytes: buffer.position, sha256: hash.digest('hex') }
  const rowFiles = { writer: null, rows: NO_FILE, facts: rowFacts, index: null }
  const weights = counter.weights()
  const log = new RunLog(run)
  const tallies = new Map<number, readonly TallyGroup[]>()
  for (const record of await store.batches())
    tallies.set(record.key, tallyOf(await log.read(record), weights, LONG_TOKENS))
  const skippedCount = rows.filter(({ problem }) => problem).length
  const requestCount = rows.filter(({ problem, shares }) => !problem && shares === undefined).length
  const sharing = await weights.write(disk, files.sharing)
  await begin(store, { rowCount: rows.length, requestCount, skippedCount, sharing, rowFiles, tallies, ...parts })
  await store.moveRun('running')
}

/** Everything that is told to the store when a run is prepared, but its definition. */
type SealedFacts = BegunFacts & Omit<NewPortion, 'definition' | 'number'>

/** Ends preparing a run whose batches are in the store already, of no rows unless said. */
export async function begin(store: RunStore, parts: Partial<SealedFacts> = {}): Promise<void> {
  const { carried, isOpen, name, requestsHash, rowsHash, ...portion } = { ...NOTHING_SEALED, ...parts }
  const { definition } = await store.record()
  await store.addPortion({ ...portion, number: 1, definition })
  await store.beginRun({ carried, isOpen, name, requestsHash, rowsHash })
}

const NO_FILE = { bytes: 0, sha256: 'sha' }

const NOTHING_SEALED: SealedFacts = {
  rowFiles: { writer: null, rows: NO_FILE, facts: NO_FILE, index: null },
  name: null,
  isOpen: false,
  carried: null,
  batches: [],
  rowCount: 0,
  requestCount: 0,
  skippedCount: 0,
  rowsHash: 'rows',
  requestsHash: 'requests',
  columns: [{ name: 'text', type: null }],
  files: [],
  sharing: null,
  tallies: new Map(),
}

/** Everything of a list that comes piece by piece. */
export async function all<One>(list: AsyncIterable<One>): Promise<readonly One[]> {
  const found: One[] = []
  for await (const one of list) found.push(one)
  return found
}

/** These requests as they stand. */
export async function present(run: StoredRun, ordinals: readonly number[]): Promise<readonly PresentRequest[]> {
  return await all(new RunLog(run).some(ordinals))
}

/** Plans these requests once more, whether they wait for that or not; returns the key of their attempt. */
export async function sendAgain(run: StoredRun, ordinals: readonly number[]): Promise<number> {
  const takeOver = takerOf(await new RunLog(run).weights())
  const requests = (await present(run, ordinals)).map((request) => {
    const { entries, newest: last, ordinal, reopening } = request
    const asked = reopening ? (entries.findLast(({ turn }) => turn === 0) ?? last) : last
    const earlierUsd = asked.batch.plan.earlierUsdAt(asked.index)
    return {
      ordinal,
      earlier: takeOver(request, { tries: reopening ? 0 : last.tries, turn: asked.turn, earlierUsd }),
    }
  })
  return await addRequests(run, requests, 'batch')
}

/** Asks these requests anew, whether they may be or not; returns the key of their attempt. */
export async function askAnew(run: StoredRun, ordinals: readonly number[]): Promise<number> {
  const takeOver = takerOf(await new RunLog(run).weights())
  const requests = (await present(run, ordinals)).map((request) => {
    const { entries, newest: last, ordinal } = request
    const earlierUsd = (last.batch.plan.earlierUsdAt(last.index) ?? 0) + 1
    const asksAnew = entries.some(({ turn }) => turn > 0) ? 'further' : 'first'
    return { ordinal, earlier: takeOver(request, { tries: 0, turn: last.turn + 1, earlierUsd, asksAnew }) }
  })
  return await addRequests(run, requests, 'batch')
}

/** The attempt made last. */
export async function newest(run: Pick<StoredRun, 'store'>): Promise<AttemptRecord> {
  const attempt = (await run.store.currentAttempts()).at(-1)
  if (!attempt) throw new Error('the run has no attempt')
  return attempt
}

/** An answer of ten tokens and five. */
export function answer(parts: Partial<RequestResult> = {}): RequestResult {
  return {
    status: 'succeeded',
    code: null,
    reason: null,
    billed: 'yes',
    promptTokens: 10,
    completionTokens: 5,
    cachedTokens: null,
    reasoningTokens: null,
    cacheWriteTokens: null,
    hourWriteTokens: null,
    model: 'm',
    file: 'output',
    offset: 0,
    length: 9,
    crc32: 0,
    verdict: 'final',
    countsAsTry: true,
    ...parts,
  }
}

/** Failed unbilled, and to be sent again. */
export const AGAIN = { status: 'failed', code: 'server_error', billed: 'no', file: null, verdict: 'again' } as const

export const INVALID = { status: 'invalid', code: 'schema_mismatch', reason: 'label is missing' } as const

/** Brings an attempt from `planned` to `ended`. */
export async function end(run: Pick<StoredRun, 'store'>, attemptKey: number): Promise<void> {
  await run.store.moveAttempt(attemptKey, 'planned', 'submitted')
  await run.store.moveAttempt(attemptKey, 'submitted', 'ended')
}

/** Ends the newest batch with these results, which must be those of all of its requests; returns the attempt's key. */
export async function settle(run: StoredRun, ...results: readonly NewResult[]): Promise<number> {
  const { key } = await newest(run)
  await end(run, key)
  await settleEnded(run, key, results)
  return key
}

/** Settles an attempt that has ended. */
export async function settleEnded(
  run: StoredRun,
  attemptKey: number,
  results: readonly NewResult[],
  stage: 'collected' | 'rejected' | 'held' = 'collected',
): Promise<void> {
  const { store } = run
  const attempt = await attemptOf(store, attemptKey)
  const plan = await new RunLog(run).planOf(await store.batch(attempt.batchKey))
  const outcomes = Outcomes.empty(plan.length)
  for (const { ordinal, ...parts } of results) {
    const index = plan.indexOf(ordinal)
    if (index < 0) throw new Error(`request ${ordinal} is not in batch ${attempt.batch}`)
    outcomes.set(index, answer({ offset: ordinal * 10, ...parts }))
  }
  if (results.length !== plan.length) throw new Error(`batch ${attempt.batch} has ${plan.length} requests`)
  const ports = { ...run, priceOf: () => null }
  const found = { outcomes, plan, cancelledBy: null, resultFiles: [], stem: String(attemptKey) }
  const settled = await settlementOf(ports, attempt, found, stage)
  if (attempt.kind === 'carried') await store.settleCarried(attemptKey, { ...settled.settlement, usage: [] })
  else if (stage === 'held') await store.holdSettled(attemptKey, { heldFrom: 'ended' }, settled.settlement)
  else await store.settleAttempt(attemptKey, stage, {}, settled.settlement, settled.bill)
}

async function attemptOf(store: RunStore, key: number): Promise<AttemptRecord> {
  const attempt = (await store.currentAttempts()).find((one) => one.key === key)
  if (!attempt) throw new Error(`attempt ${key} is not the newest of its batch`)
  return attempt
}

/** All rows of a run. */
export async function rowsOf(run: StoredRun): Promise<readonly RowRecord[]> {
  return (await all(rowRecords(new RunLog(run), run, await run.store.portions()))).flat()
}

/** A batch of new requests as a store takes it that is not asked for its files: none are there. */
export function batchOf(ordinals: readonly number[], parts: Partial<NewBatchRecord> = {}): NewBatchRecord {
  made += 1
  const nonce = nonceFrom(Buffer.from(`nonce ${made}`.padEnd(16)))
  const counts = { requests: ordinals.length, rows: ordinals.length }
  return {
    target: TARGET,
    tokens: 25,
    tokenMethod: 'bytes',
    requestCount: ordinals.length,
    firstOrdinal: ordinals[0] ?? 0,
    lastOrdinal: ordinals.at(-1) ?? 0,
    plan: null,
    tally: [plainGroup('batched', 0, counts, 0)],
    taken: new Map(),
    reasked: { requests: 0, rows: 0 },
    contentHash: `hash ${made}`,
    mostOutputTokens: null,
    attempt: { nonce, inputName: `${nonce}.jsonl`, inputBytes: 100, inputSha256: 'sha', createdAt: made },
    ...parts,
  }
}

/** What a batch has come to, for such a store: nothing, unless said. */
export function settlement(parts: Partial<Settlement> = {}): Settlement {
  return { name: 'none.columns', facts: NO_FILE, resultFiles: [], cancelCause: null, tally: [], usage: [], ...parts }
}
