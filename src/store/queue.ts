import { OPEN_STAGES, type Stage } from '../model/attempt.ts'
import type { Driver } from './driver.ts'
import {
  FROM_QUEUE,
  IN_FLIGHT,
  type Queue,
  queueOf,
  selectAccountRequests,
  selectBatchLoad,
  selectInFlight,
  selectUnanswered,
} from './in-flight.ts'
import type { QueueState, UnwatchedBatch } from './port/queue.ts'
import { selectBelief } from './queue-belief.ts'

/** Statements on the providers' queues, over all runs of the home. Callers open the transaction. */

/** Everything that admission is decided by, for an attempt that asks to be created. */
export function selectQueueState(driver: Driver, attemptKey: number, now: number): QueueState {
  const queue = queueOf(driver, attemptKey)
  const { isCalibrated, ...batch } = selectBatchLoad(driver, attemptKey)
  return {
    batch,
    inFlight: selectInFlight(driver, queue, now),
    accountRequests: selectAccountRequests(driver, queue, now),
    unanswered: selectUnanswered(driver, queue, now),
    ahead: selectAhead(driver, queue, attemptKey),
    belief: selectBelief(driver, queue),
    isCalibrated: isCalibrated === 1,
  }
}

/** Batches that wait for the same room and began before this attempt, or begin now where it has not waited yet. */
function selectAhead(driver: Driver, { provider, baseUrl, model }: Queue, attemptKey: number): QueueState['ahead'] {
  return driver.all<QueueState['ahead'][number]>(
    `select a.waiting_since as since, a.next_at as "nextAt" ${FROM_QUEUE} and b.model = ?
       and a.stage = 'uploaded' and a.waiting_since is not null and a.key <> ?
       and (a.waiting_since, a.key) < (
         select coalesce(own.waiting_since, 9e15), own.key from attempts own where own.key = ?)
     order by a.waiting_since, a.key`,
    provider,
    baseUrl,
    model,
    attemptKey,
    attemptKey,
  )
}

/** Where an attempt stops to count as in flight, those that wait for its room may ask again at once. */
export function wakeWhenFreed(driver: Driver, attemptKey: number, from: Stage, to: Stage, now: number): void {
  const isOpen = (stage: Stage): boolean => (OPEN_STAGES as readonly Stage[]).includes(stage)
  if (isOpen(from) && !isOpen(to)) wakeWaiting(driver, attemptKey, now)
}

/** Has the batches that wait at an attempt's provider ask again at once. */
export function wakeWaiting(driver: Driver, attemptKey: number, now: number): void {
  const { provider, baseUrl } = queueOf(driver, attemptKey)
  driver.run(
    `update attempts set next_at = ?
     where stage in ('planned', 'uploaded') and reason_code = 'queue_full' and next_at > ?
       and batch in (select key from batches where provider = ? and base_url = ?)`,
    now,
    now,
    provider,
    baseUrl,
  )
}

/** Batches in flight that the run does not watch: those of other runs, and its own held ones. */
export function selectUnwatched(driver: Driver, runKey: number, queue: Queue, now: number): UnwatchedBatch[] {
  return driver.all<UnwatchedBatch>(
    `select a.key as "attemptKey", r.id as run, a.remote_id as "remoteId",
       coalesce(a.last_poll_at, a.submitted_at, a.created_at) as "lastPollAt"
     from attempts a join batches b on b.key = a.batch join runs r on r.key = b.run
     where b.provider = ? and b.base_url = ? and b.model = ? and a.remote_id is not null
       and (b.run <> ? or a.stage = 'held') and ${IN_FLIGHT}`,
    queue.provider,
    queue.baseUrl,
    queue.model,
    runKey,
    now,
  )
}

/** Remembers a look at a batch of another run, which goes on as if it had not been looked at. */
export function updateUnwatched(driver: Driver, attemptKey: number, at: number, hasEnded: boolean): void {
  driver.run('update attempts set last_poll_at = ?, freed_at = ? where key = ?', at, hasEnded ? at : null, attemptKey)
  if (hasEnded) wakeWaiting(driver, attemptKey, at)
}

/** True while any batch at the base URL of the run waits for room. */
export function selectIsRoomWanted(driver: Driver, runKey: number): boolean {
  const waiting = driver.get<{ count: number }>(
    `select count(*) as count from attempts a join batches b on b.key = a.batch
     where a.stage = 'uploaded' and a.waiting_since is not null
       and b.base_url = (select definition ->> 'baseUrl' from runs where key = ?)`,
    runKey,
  )
  return (waiting?.count ?? 0) > 0
}
