import { OPEN_STAGES, type Stage } from '../model/attempt.ts'
import {
  FROM_QUEUE,
  IN_FLIGHT,
  type Queue,
  queueOf,
  selectAccountRequests,
  selectBatchLoad,
  selectInFlight,
  selectUnanswered,
  unseenSince,
} from './in-flight.ts'
import type { QueueState, UnwatchedBatch } from './port/queue.ts'
import { selectBelief } from './queue-belief.ts'
import { BEGUN, CALIBRATED_TOKENS, SHORT_OF_ROOM } from './record-columns.ts'
import type { Sql } from './sql.ts'

/** Statements on the providers' queues, over all runs of the home. Callers open the transaction. */

/** Everything that admission is decided by, for an attempt that asks to be created. */
export async function selectQueueState(sql: Sql, attemptKey: number, now: number): Promise<QueueState> {
  const queue = await queueOf(sql, attemptKey)
  const { isCalibrated, ...batch } = await selectBatchLoad(sql, attemptKey)
  return {
    batch,
    inFlight: await selectInFlight(sql, queue, now),
    accountRequests: await selectAccountRequests(sql, queue, now),
    unanswered: await selectUnanswered(sql, queue, now),
    ahead: await selectAhead(sql, queue, attemptKey, now),
    belief: await selectBelief(sql, queue),
    isCalibrated: isCalibrated === 1,
  }
}

/** What decides which of two batches that wait for the same room goes first: the smaller one, column by column. */
const TURN = '2 - r.priority, coalesce(l.tokens, 0), coalesce(l.requests, 0)'

/**
 * Batches that wait for the same room and go before this attempt: those of runs with a higher priority; among equals those
 * of the run that has less in flight there, so that a small run is not behind a week of a large one; and within a run, or
 * between runs that have as much, those that began to wait before, or wait at all where this attempt has not waited yet. The
 * signs before columns keep SQLite from walking through all batches in the order of their runs.
 */
async function selectAhead(sql: Sql, queue: Queue, attemptKey: number, now: number): Promise<QueueState['ahead']> {
  const { provider, baseUrl, model } = queue
  return sql.all<QueueState['ahead'][number]>(
    `with loads as (
       select +b.run as run, sum(${CALIBRATED_TOKENS}) as tokens, sum(b.request_count) as requests
       ${FROM_QUEUE} and b.model = ? and ${IN_FLIGHT} group by +b.run)
     select a.waiting_since as since, a.next_at as "nextAt"
     from attempts a join batches b on b.key = a.batch join runs r on r.key = b.run left join loads l on l.run = b.run
     where b.provider = ? and b.base_url = ? and b.model = ?
       and ${BEGUN} and a.stage = 'uploaded' and a.waiting_since is not null and a.key <> ?
       and (${TURN}, a.waiting_since, a.key) < (
         select ${TURN}, coalesce(own.waiting_since, 9e15), own.key
         from attempts own join batches b on b.key = own.batch join runs r on r.key = b.run
           left join loads l on l.run = b.run
         where own.key = ?)
     order by ${TURN}, a.waiting_since, a.key`,
    provider,
    baseUrl,
    model,
    unseenSince(now),
    provider,
    baseUrl,
    model,
    attemptKey,
    attemptKey,
  )
}

/** Where an attempt stops to count as in flight, those that wait for its room may ask again at once. */
export async function wakeWhenFreed(sql: Sql, attemptKey: number, from: Stage, to: Stage, now: number): Promise<void> {
  const isOpen = (stage: Stage): boolean => (OPEN_STAGES as readonly Stage[]).includes(stage)
  if (isOpen(from) && !isOpen(to)) await wakeWaiting(sql, attemptKey, now)
}

/** Has the batches that wait at an attempt's provider ask again at once. */
export async function wakeWaiting(sql: Sql, attemptKey: number, now: number): Promise<void> {
  const { provider, baseUrl } = await queueOf(sql, attemptKey)
  await sql.run(
    `update attempts as a set next_at = ?
     where a.stage in ('planned', 'uploaded') and ${SHORT_OF_ROOM} and a.next_at > ?
       and exists (select 1 from batches b where b.key = a.batch and b.provider = ? and b.base_url = ?)`,
    now,
    now,
    provider,
    baseUrl,
  )
}

/** Batches in flight that the run does not watch: those of other runs, and its own held ones. */
export async function selectUnwatched(sql: Sql, runKey: number, queue: Queue, now: number): Promise<UnwatchedBatch[]> {
  return sql.all<UnwatchedBatch>(
    `select a.key as "attemptKey", r.id as run, a.remote_id as "remoteId",
       coalesce(a.last_poll_at, a.submitted_at, a.created_at) as "lastPollAt"
     from attempts a join batches b on b.key = a.batch join runs r on r.key = b.run
     where b.provider = ? and b.base_url = ? and b.model = ? and a.remote_id is not null
       and (b.run <> ? or a.stage = 'held') and ${IN_FLIGHT}`,
    queue.provider,
    queue.baseUrl,
    queue.model,
    runKey,
    unseenSince(now),
  )
}

/** Remembers a look at a batch of another run, which goes on as if it had not been looked at. */
export async function updateUnwatched(sql: Sql, attemptKey: number, at: number, hasEnded: boolean): Promise<void> {
  await sql.run(
    'update attempts set last_poll_at = ?, freed_at = ? where key = ?',
    at,
    hasEnded ? at : null,
    attemptKey,
  )
  if (hasEnded) await wakeWaiting(sql, attemptKey, at)
}

/** True while any batch at the base URL of the run waits for room. */
export async function selectIsRoomWanted(sql: Sql, runKey: number): Promise<boolean> {
  const waiting = await sql.get<{ count: number }>(
    `select count(*) as count from attempts a join batches b on b.key = a.batch
     where ${BEGUN} and a.stage = 'uploaded' and a.waiting_since is not null
       and b.base_url = (select base_url from runs where key = ?)`,
    runKey,
  )
  return (waiting?.count ?? 0) > 0
}
