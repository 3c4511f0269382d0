import { FINAL_STAGES } from '../model/attempt.ts'
import { selectAttempts, selectUnaudited } from './attempts.ts'
import { insertReopening } from './batches.ts'
import type { Driver } from './driver.ts'
import type { TailOpening } from './port/paid-call.ts'
import { selectRun, updateRunState } from './runs.ts'
import { selectHasPending } from './tallies.ts'

/** Statements on the tail of a run. Callers open the transaction. */

/** See `PaidCallCatalog.beginTail`. */
export function openTail(
  driver: Driver,
  { id, runKey }: { readonly id: string; readonly runKey: number },
  now: number,
): TailOpening {
  const run = selectRun(driver, id)
  const isWanted = run?.deadline?.tail === 'direct' && run.tailBegunAt === null && now < run.deadline.at
  const isCut =
    run?.isOpen === false &&
    run.state === 'cancelling' &&
    run.cancelCause === 'deadline' &&
    run.stopLoss?.state !== 'stopped'
  if (!isWanted || !isCut) return { did: 'not_due' }
  if (!isSettled(driver, runKey)) return { did: 'unsettled' }
  if (isInDoubt(driver, id, runKey)) return { did: 'in_doubt' }
  const { requests, rows } = insertReopening(driver, runKey, {
    statuses: ['cancelled'],
    billed: ['no'],
    maxTokens: null,
    afterBatch: selectOpenedAfter(driver, runKey),
  })
  if (requests === 0) return { did: 'not_due' }
  driver.run(
    'update runs set tail_begun_at = ?, cancel_requested_at = null, cancel_cause = null where key = ?',
    now,
    runKey,
  )
  updateRunState(driver, runKey, 'running', null, now)
  return { did: 'begun', rows }
}

/** Nothing waits to be sent, every attempt is at its end, and a listing has shown that no create was repeated. */
function isSettled(driver: Driver, runKey: number): boolean {
  return (
    !selectHasPending(driver, runKey) &&
    selectAttempts(driver, runKey, 'all').every(({ stage }) => FINAL_STAGES.includes(stage)) &&
    selectUnaudited(driver, runKey).length === 0
  )
}

/**
 * A double of a batch or one of another home may be at work, or a create was given up of which nothing was proved: what was
 * set aside for it is still set aside.
 */
function isInDoubt(driver: Driver, id: string, runKey: number): boolean {
  const found = driver.get(
    `select 1 from remote_batches m join attempts a on a.key = m.attempt join batches b on b.key = a.batch
       where b.run = ? and m.role <> 'ours'
     union all select 1 from spending where run = ? and kind in ('batch', 'priming') and settled_at is null limit 1`,
    runKey,
    id,
  )
  return found !== undefined
}

/** Batches that there were when a person last opened the finished run again. */
function selectOpenedAfter(driver: Driver, runKey: number): number {
  return driver.get<{ number: number }>('select opened_after as number from runs where key = ?', runKey)?.number ?? 0
}
