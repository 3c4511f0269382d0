import type { Stage } from '../model/attempt.ts'
import type { BatchKind } from '../model/batch.ts'
import { LlmBatchError } from '../model/error.ts'
import type { FileFacts } from '../model/file-facts.ts'
import { isReopened, type Reopening } from '../model/reopening.ts'
import type { TallyGroup } from '../model/tally.ts'
import { insertAttempt } from './attempts.ts'
import type { BatchRecord, NewBatchRecord, SettledBatch, Settlement } from './port/batch.ts'
import { insertKeyed, type Sql } from './sql.ts'
import { restate, selectRunFacts, sumOf, takeOver, updateTally } from './tallies.ts'

/** Statements on batches. Callers open the transaction. */

/** Adds a batch and its first attempt, whose key it returns, and takes over what older batches held. */
export async function insertBatch(sql: Sql, runKey: number, batch: NewBatchRecord): Promise<number> {
  const run = await selectRunFacts(sql, runKey)
  for (const [key, groups] of batch.taken) await takeOver(sql, run, key, groups)
  const key = await insertKeyed(
    sql,
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
  await updateTally(sql, run, key, batch.tally)
  return insertAttempt(sql, key, 1, batch.attempt)
}

/** Once a run is prepared, all that goes into a batch was in an earlier one, or comes with its rows. */
export async function assertNothingNew(
  sql: Sql,
  runKey: number,
  { requestCount, taken }: NewBatchRecord,
): Promise<void> {
  const run = await sql.get<{ state: string }>('select state from runs where key = ?', runKey)
  const takenCount = sumOf([...taken.values()].flat(), 'requests')
  if (run?.state === 'preparing' || takenCount === requestCount) return
  throw new LlmBatchError('conflict', `${requestCount - takenCount} requests are in another batch already`)
}

/** The outcomes of a batch count from now on. */
export async function settleBatch(
  sql: Sql,
  runKey: number,
  attempt: { readonly key: number; readonly batchKey: number; readonly nonce: string },
  { tally, usage, ...facts }: Settlement,
): Promise<void> {
  const settled: SettledBatch = { ...facts, attemptKey: attempt.key, nonce: attempt.nonce }
  await sql.run('update batches set settled = ? where key = ?', JSON.stringify(settled), attempt.batchKey)
  await sql.run('update attempts set usage = ? where key = ?', JSON.stringify(usage), attempt.key)
  await updateTally(sql, await selectRunFacts(sql, runKey), attempt.batchKey, tally)
}

/**
 * Gives up what was not sent: the requests of batches that were cancelled before, and those that wait to be planned. Where
 * they ask anew, their rows keep the answer they have; what was only to be asked once more keeps the outcome it has.
 */
export async function giveUpUnsent(sql: Sql, runKey: number): Promise<void> {
  const run = await selectRunFacts(sql, runKey)
  for (const { key, stage } of await selectBatches(sql, runKey)) {
    const isUnsent = ({ state }: TallyGroup): boolean =>
      state === 'pending' || (state === 'batched' && stage === 'cancelled')
    const isChanged = await restate(sql, run, key, (group) =>
      isUnsent(group) ? { ...group, state: group.turn > 0 ? 'invalid' : 'cancelled' } : group,
    )
    if (isChanged) await sql.run('update batches set is_given_up = 1 where key = ?', key)
  }
  await sql.run("update runs set reopenings = '[]' where key = ?", runKey)
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

export async function selectBatches(sql: Sql, runKey: number): Promise<BatchRecord[]> {
  return (await sql.all<BatchRow>(`${SELECT_BATCHES} where b.run = ? order by b.number`, runKey)).map(batchFrom)
}

export async function selectBatch(sql: Sql, key: number): Promise<BatchRecord> {
  const row = await sql.get<BatchRow>(`${SELECT_BATCHES} where b.key = ?`, key)
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

/** Has what stands so sent again, and returns how many rows and requests that are. */
export async function insertReopening(
  sql: Sql,
  runKey: number,
  wish: Omit<Reopening, 'upToBatch'>,
): Promise<{ readonly rows: number; readonly requests: number }> {
  const { reopenings } = await selectRunFacts(sql, runKey)
  const batches = await selectBatches(sql, runKey)
  const reopening: Reopening = { ...wish, upToBatch: batches.length }
  const chosen = batches.flatMap(({ number, tally }) => tally.filter((group) => isReopened(reopening, group, number)))
  const counts = { rows: sumOf(chosen, 'rows'), requests: sumOf(chosen, 'requests') }
  if (counts.requests > 0) {
    await sql.run('update runs set reopenings = ? where key = ?', JSON.stringify([...reopenings, reopening]), runKey)
  }
  return counts
}
