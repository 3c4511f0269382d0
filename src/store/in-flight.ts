import { DAY_MS } from '../lib/duration.ts'
import { OPEN_STAGES } from '../model/attempt.ts'
import type { Target } from '../model/target.ts'
import type { QueuedWork, QueueLoad, QueueState } from './port/queue.ts'
import { BEGUN, CALIBRATED_TOKENS, JOIN_RATES } from './record-columns.ts'
import type { Sql } from './sql.ts'

/** Statements on what is in flight at a provider, over all runs of the home. Callers open the transaction. */

/** One queue: the batches of one model at one base URL. */
export interface Queue {
  readonly provider: string
  readonly baseUrl: string
  readonly model: string
}

/** A batch that was never seen counts as in flight for as long as its provider may take: a day after its create. */
const UNSEEN_MS = DAY_MS

/** The instant since which a create without a batch counts as in flight. */
export function unseenSince(now: number): number {
  return now - UNSEEN_MS
}

const OPEN = OPEN_STAGES.map((stage) => `'${stage}'`).join(', ')

/**
 * Attempts whose batch may be in the provider's queue: released only when it was seen to have ended. One of which no
 * batch was ever seen is the exception, because perhaps no process ever comes to decide it. Takes as a value `unseenSince`.
 */
export const IN_FLIGHT = `${BEGUN} and a.freed_at is null and a.ended_at is null
  and (a.stage in (${OPEN}) or (a.stage = 'held' and a.held_from in (${OPEN})))
  and (a.remote_id is not null or exists (
    select 1 from intents i where i.attempt = a.key and i.at > ?))`

/** Attempts at a provider and base URL, with their batches; conditions may follow. */
export const FROM_QUEUE = `from attempts a join batches b on b.key = a.batch ${JOIN_RATES}
  where b.provider = ? and b.base_url = ?`

/** The queue that an attempt's batch goes to. */
export async function queueOf(sql: Sql, attemptKey: number): Promise<Queue> {
  const queue = await sql.get<Queue>(
    `select b.provider as provider, b.base_url as "baseUrl", b.model as model
     from attempts a join batches b on b.key = a.batch where a.key = ?`,
    attemptKey,
  )
  if (!queue) throw new Error(`there is no attempt ${attemptKey}`)
  return queue
}

/** The queue of a target, at the base URL of the run. */
export async function queueOfTarget(sql: Sql, runKey: number, { provider, model }: Target): Promise<Queue> {
  const run = await sql.get<{ baseUrl: string }>(`select base_url as "baseUrl" from runs where key = ?`, runKey)
  return { provider, baseUrl: run?.baseUrl ?? '', model }
}

/** What a batch would add to its queue. */
export async function selectBatchLoad(
  sql: Sql,
  attemptKey: number,
): Promise<QueueLoad & { readonly isCalibrated: number }> {
  const load = await sql.get<QueueLoad & { isCalibrated: number }>(
    `select ${CALIBRATED_TOKENS} as tokens, b.request_count as requests, case when t.at is null then 0 else 1 end as "isCalibrated"
     from attempts a join batches b on b.key = a.batch ${JOIN_RATES} where a.key = ?`,
    attemptKey,
  )
  if (!load) throw new Error(`there is no attempt ${attemptKey}`)
  return load
}

/** What all batches of a model have in flight. */
export async function selectInFlight(sql: Sql, { provider, baseUrl, model }: Queue, now: number): Promise<QueueLoad> {
  const load = await sql.get<QueueLoad>(
    `select coalesce(sum(${CALIBRATED_TOKENS}), 0) as tokens, coalesce(sum(b.request_count), 0) as requests
     ${FROM_QUEUE} and b.model = ? and ${IN_FLIGHT}`,
    provider,
    baseUrl,
    model,
    unseenSince(now),
  )
  return load ?? { tokens: 0, requests: 0 }
}

/** What all runs have in flight, by model. */
export async function selectQueuedWork(sql: Sql, now: number): Promise<readonly QueuedWork[]> {
  return await sql.all<QueuedWork>(
    `select b.provider as provider, b.model as model, sum(${CALIBRATED_TOKENS}) as tokens,
       sum(b.request_count) as requests
     from attempts a join batches b on b.key = a.batch ${JOIN_RATES} where ${IN_FLIGHT}
     group by b.provider, b.model order by b.provider, b.model`,
    unseenSince(now),
  )
}

/** Requests in flight of all models at a base URL. */
export async function selectAccountRequests(sql: Sql, { provider, baseUrl }: Queue, now: number): Promise<number> {
  return (
    (
      await sql.get<{ requests: number }>(
        `select coalesce(sum(b.request_count), 0) as requests ${FROM_QUEUE} and ${IN_FLIGHT}`,
        provider,
        baseUrl,
        unseenSince(now),
      )
    )?.requests ?? 0
  )
}

/** Batches of all models at a base URL of which no id is known, although their create may have been sent. */
export async function selectUnanswered(
  sql: Sql,
  { provider, baseUrl }: Queue,
  now: number,
): Promise<QueueState['unanswered']> {
  return (
    await sql.all<{ requests: number; isInDoubt: number; isHeld: number }>(
      `select b.request_count as requests, case when a.stage = 'creating' then 0 else 1 end as "isInDoubt",
         case when a.stage = 'held' then 1 else 0 end as "isHeld"
       ${FROM_QUEUE} and a.remote_id is null and ${IN_FLIGHT}`,
      provider,
      baseUrl,
      unseenSince(now),
    )
  ).map(({ isHeld, isInDoubt, requests }) => ({ requests, isInDoubt: isInDoubt === 1, isHeld: isHeld === 1 }))
}
