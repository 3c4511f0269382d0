import type { Stage } from '../model/attempt.ts'
import type { BatchKind } from '../model/batch.ts'
import { LlmBatchError } from '../model/error.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { isReopened, type Reopening } from '../model/reopening.ts'
import { Tally, type TallyGroup } from '../model/tally.ts'
import { insertAttempt, lastKey } from './attempts.ts'
import type { Driver } from './driver.ts'
import type { BatchRecord, NewBatchRecord, RequestCounts, SettledBatch, Settlement } from './port/batch.ts'

/** Statements on batches and on the counts of their requests. Callers open the transaction. */

/** Adds a batch and its first attempt, whose key it returns, and takes over what older batches held. */
export function insertBatch(driver: Driver, runKey: number, batch: NewBatchRecord): number {
  const run = selectRunFacts(driver, runKey)
  for (const [key, groups] of batch.taken) takeOver(driver, run, key, groups)
  assertNothingNew(driver, runKey, batch)
  driver.run(
    `insert into batches
       (run, number, base_url, provider, endpoint, model, request_count, first_request, last_request, content_hash,
        tokens, token_method, most_output_tokens, kind, plan, reasked_rows, reasked_requests)
     values (?, (select count(*) + 1 from batches where run = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runKey,
    runKey,
    run.baseUrl,
    batch.target.provider,
    batch.target.endpoint,
    batch.target.model,
    batch.requestCount,
    batch.firstOrdinal,
    batch.lastOrdinal,
    batch.contentHash,
    batch.tokens,
    batch.tokenMethod,
    batch.mostOutputTokens,
    batch.kind ?? 'batch',
    batch.plan && JSON.stringify(batch.plan),
    batch.reasked.rows,
    batch.reasked.requests,
  )
  const key = lastKey(driver)
  updateTally(driver, run, key, batch.tally)
  return insertAttempt(driver, key, 1, batch.attempt)
}

/** Once a run is sealed, all that goes into a batch was in an earlier one. */
function assertNothingNew(driver: Driver, runKey: number, { requestCount, taken }: NewBatchRecord): void {
  const run = driver.get<{ state: string }>('select state from runs where key = ?', runKey)
  const takenCount = sumOf([...taken.values()].flat(), 'requests')
  if (run?.state === 'preparing' || takenCount === requestCount) return
  throw new LlmBatchError('conflict', `${requestCount - takenCount} requests are in another batch already`)
}

/** Facts of a run by which its requests are counted. */
interface RunFacts {
  readonly runKey: number
  readonly baseUrl: string
  readonly maxReasks: number
  readonly reopenings: readonly Reopening[]
}

function selectRunFacts(driver: Driver, runKey: number): RunFacts {
  const row = driver.get<{ definition: string; reopenings: string }>(
    'select definition, reopenings from runs where key = ?',
    runKey,
  )
  const { baseUrl = '', maxReasks = 0 } = JSON.parse(row?.definition ?? '{}') as Partial<RunFacts>
  return { runKey, baseUrl, maxReasks, reopenings: JSON.parse(row?.reopenings ?? '[]') as Reopening[] }
}

/** Requests that go over to a newer batch are counted here no longer: each must wait for that. */
function takeOver(driver: Driver, run: RunFacts, batchKey: number, groups: readonly TallyGroup[]): void {
  const { number, tally: before } = selectTally(driver, batchKey)
  const tally = new Tally(before)
  for (const group of groups) {
    const mayGo =
      group.state === 'pending' ||
      isReaskable(group, run.maxReasks) ||
      run.reopenings.some((reopening) => isReopened(reopening, group, number))
    if (mayGo && tally.take(group)) continue
    throw new LlmBatchError('conflict', `${group.requests} requests of batch ${number} do not wait to be sent again`)
  }
  updateTally(driver, run, batchKey, tally.groups())
}

function selectTally(driver: Driver, batchKey: number): { readonly number: number; readonly tally: TallyGroup[] } {
  const row = driver.get<{ number: number; tally: string }>('select number, tally from batches where key = ?', batchKey)
  if (!row) throw new LlmBatchError('not_found', `there is no batch ${batchKey}`)
  return { number: row.number, tally: JSON.parse(row.tally) as TallyGroup[] }
}

function updateTally(
  driver: Driver,
  { maxReasks }: Pick<RunFacts, 'maxReasks'>,
  batchKey: number,
  tally: readonly TallyGroup[],
): void {
  driver.run(
    'update batches set tally = ?, pending = ?, reaskable = ? where key = ?',
    JSON.stringify(tally),
    sumOf(
      tally.filter(({ state }) => state === 'pending'),
      'requests',
    ),
    sumOf(
      tally.filter((group) => isReaskable(group, maxReasks)),
      'requests',
    ),
    batchKey,
  )
}

function isReaskable({ state, status, turn }: TallyGroup, maxReasks: number): boolean {
  return state === 'invalid' && status === 'invalid' && turn < maxReasks
}

function sumOf(groups: readonly TallyGroup[], field: 'requests' | 'rows'): number {
  return groups.reduce((sum, group) => sum + group[field], 0)
}

/** Puts other counts in the place of those of batches. */
export function replaceTallies(
  driver: Driver,
  runKey: number,
  tallies: ReadonlyMap<number, readonly TallyGroup[]>,
): void {
  const run = selectRunFacts(driver, runKey)
  for (const [key, tally] of tallies) updateTally(driver, run, key, tally)
}

/** The outcomes of a batch count from now on. */
export function settleBatch(
  driver: Driver,
  runKey: number,
  attempt: { readonly key: number; readonly batchKey: number; readonly nonce: string },
  { tally, usage, ...facts }: Settlement,
): void {
  const settled: SettledBatch = { ...facts, attemptKey: attempt.key, nonce: attempt.nonce }
  driver.run('update batches set settled = ? where key = ?', JSON.stringify(settled), attempt.batchKey)
  driver.run('update attempts set usage = ? where key = ?', JSON.stringify(usage), attempt.key)
  updateTally(driver, selectRunFacts(driver, runKey), attempt.batchKey, tally)
}

/** What a batch was to answer, and has not, waits to be planned into others. */
export function releaseBatch(driver: Driver, runKey: number, batchKey: number): void {
  restate(driver, selectRunFacts(driver, runKey), batchKey, (group) =>
    group.state === 'batched' ? { ...group, state: 'pending' } : group,
  )
}

/**
 * Gives up what was not sent: the requests of batches that were cancelled before, and those that wait to be planned. Where
 * they ask anew, their rows keep the answer they have; what was only to be asked once more keeps the outcome it has.
 */
export function giveUpUnsent(driver: Driver, runKey: number): void {
  const run = selectRunFacts(driver, runKey)
  for (const { key, stage } of selectBatches(driver, runKey)) {
    const isUnsent = ({ state }: TallyGroup): boolean =>
      state === 'pending' || (state === 'batched' && stage === 'cancelled')
    const isChanged = restate(driver, run, key, (group) =>
      isUnsent(group) ? { ...group, state: group.turn > 0 ? 'invalid' : 'cancelled' } : group,
    )
    if (isChanged) driver.run('update batches set is_given_up = 1 where key = ?', key)
  }
  driver.run("update runs set reopenings = '[]' where key = ?", runKey)
}

/** Has groups of a batch stand otherwise; false where none of them does. */
function restate(driver: Driver, run: RunFacts, batchKey: number, change: (group: TallyGroup) => TallyGroup): boolean {
  const { tally: before } = selectTally(driver, batchKey)
  const changed = before.map(change)
  if (changed.every((group, index) => group === before[index])) return false
  updateTally(driver, run, batchKey, new Tally(changed).groups())
  return true
}

interface BatchRow {
  key: number
  number: number
  kind: BatchKind
  provider: string
  endpoint: string
  model: string
  requestCount: number
  firstOrdinal: number
  lastOrdinal: number
  nonce: string
  inputName: string
  plan: string | null
  stage: Stage
  isGivenUp: 0 | 1
  settled: string | null
  tally: string
  reaskedRows: number
  reaskedRequests: number
}

const SELECT_BATCHES = `
  select b.key, b.number, b.kind, b.provider, b.endpoint, b.model, b.request_count as "requestCount",
    b.first_request as "firstOrdinal", b.last_request as "lastOrdinal", f.nonce, f.input_name as "inputName",
    b.plan, a.stage, b.is_given_up as "isGivenUp", b.settled, b.tally,
    b.reasked_rows as "reaskedRows", b.reasked_requests as "reaskedRequests"
  from batches b
  join attempts f on f.batch = b.key and f.number = 1
  join attempts a on a.batch = b.key and a.number = (select max(n.number) from attempts n where n.batch = b.key)`

export function selectBatches(driver: Driver, runKey: number): BatchRecord[] {
  return driver.all<BatchRow>(`${SELECT_BATCHES} where b.run = ? order by b.number`, runKey).map(batchFrom)
}

export function selectBatch(driver: Driver, key: number): BatchRecord {
  const row = driver.get<BatchRow>(`${SELECT_BATCHES} where b.key = ?`, key)
  if (!row) throw new LlmBatchError('not_found', `there is no batch ${key}`)
  return batchFrom(row)
}

function batchFrom({ endpoint, isGivenUp, model, plan, provider, settled, tally, ...row }: BatchRow): BatchRecord {
  const { reaskedRequests, reaskedRows, ...rest } = row
  return {
    ...rest,
    target: { provider, endpoint, model },
    reasked: { requests: reaskedRequests, rows: reaskedRows },
    plan: plan === null ? null : (JSON.parse(plan) as FileFacts),
    isGivenUp: isGivenUp === 1,
    settled: settled === null ? null : (JSON.parse(settled) as SettledBatch),
    tally: JSON.parse(tally) as TallyGroup[],
  }
}

export function selectHasPending(driver: Driver, runKey: number): boolean {
  const found = driver.get(
    `select 1 from batches where run = ? and pending > 0
     union all select 1 from runs where key = ? and reopenings <> '[]' limit 1`,
    runKey,
    runKey,
  )
  return found !== undefined
}

/** What is to be sent again as it was is planned first. */
export function selectHasReaskable(driver: Driver, runKey: number): boolean {
  const found = driver.get(
    `select 1 from batches b join runs r on r.key = b.run
     where b.run = ? and b.reaskable > 0 and r.reopenings = '[]' limit 1`,
    runKey,
  )
  return found !== undefined
}

/** Has what stands so sent again, and returns how many rows and requests that are. */
export function insertReopening(
  driver: Driver,
  runKey: number,
  wish: Omit<Reopening, 'upToBatch'>,
): { readonly rows: number; readonly requests: number } {
  const { reopenings } = selectRunFacts(driver, runKey)
  const batches = selectBatches(driver, runKey)
  const reopening: Reopening = { ...wish, upToBatch: batches.length }
  const chosen = batches.flatMap(({ number, tally }) => tally.filter((group) => isReopened(reopening, group, number)))
  const counts = { rows: sumOf(chosen, 'rows'), requests: sumOf(chosen, 'requests') }
  if (counts.requests > 0) {
    driver.run('update runs set reopenings = ? where key = ?', JSON.stringify([...reopenings, reopening]), runKey)
  }
  return counts
}

const NONE: RequestCounts = {
  pending: 0,
  batched: 0,
  succeeded: 0,
  failed: 0,
  expired: 0,
  cancelled: 0,
  refused: 0,
  truncated: 0,
  invalid: 0,
  missing: 0,
  skipped: 0,
}

/**
 * Rows by where they stand. What is to be sent again counts as pending, and so do invalid answers that are about to be asked
 * again, as long as the run goes on.
 */
export function selectCounts(driver: Driver, runKey: number): RequestCounts {
  const run = selectRunFacts(driver, runKey)
  const isGoingOn = selectIsGoingOn(driver, runKey)
  const counts: Record<keyof RequestCounts, number> = { ...NONE }
  const tallies = driver.all<{ number: number; tally: string }>(
    'select number, tally from batches where run = ?',
    runKey,
  )
  for (const { number, tally } of tallies) {
    for (const group of JSON.parse(tally) as TallyGroup[]) {
      const isPending =
        run.reopenings.some((reopening) => isReopened(reopening, group, number)) ||
        (isGoingOn && isReaskable(group, run.maxReasks))
      counts[isPending ? 'pending' : group.state] += group.rows
    }
  }
  counts.skipped =
    driver.get<{ count: number }>('select skipped_count as count from runs where key = ?', runKey)?.count ?? 0
  return counts
}

/** True where rows with an invalid answer will be asked again, as far as their run allows. */
function selectIsGoingOn(driver: Driver, runKey: number): boolean {
  const going = `state not in ('completed', 'cancelled', 'cancelling') and cancel_requested_at is null`
  return driver.get(`select 1 from runs where key = ? and ${going}`, runKey) !== undefined
}
