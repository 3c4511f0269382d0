import { FINAL_STAGES } from '../model/attempt.ts'
import { selectAttempts, selectUnaudited } from './attempts.ts'
import { insertReopening } from './batches.ts'
import type { TailOpening } from './port/paid-call.ts'
import { selectRun, updateRunState } from './runs.ts'
import type { Sql } from './sql.ts'
import { selectHasPending } from './tallies.ts'

/** Statements on the tail of a run. Callers open the transaction. */

/** See `PaidCallCatalog.beginTail`. */
export async function openTail(
  sql: Sql,
  { id, runKey }: { readonly id: string; readonly runKey: number },
  now: number,
): Promise<TailOpening> {
  const run = await selectRun(sql, id)
  const isWanted = run?.deadline?.tail === 'direct' && run.tailBegunAt === null && now < run.deadline.at
  const isCut =
    run?.isOpen === false &&
    run.state === 'cancelling' &&
    run.cancelCause === 'deadline' &&
    run.stopLoss?.state !== 'stopped'
  if (!isWanted || !isCut) return { did: 'not_due' }
  if (!(await isSettled(sql, runKey))) return { did: 'unsettled' }
  if (await isInDoubt(sql, id, runKey)) return { did: 'in_doubt' }
  const { requests, rows } = await insertReopening(sql, runKey, {
    statuses: ['cancelled'],
    billed: ['no'],
    maxTokens: null,
    afterBatch: await selectOpenedAfter(sql, runKey),
  })
  if (requests === 0) return { did: 'not_due' }
  await sql.run(
    'update runs set tail_begun_at = ?, cancel_requested_at = null, cancel_cause = null where key = ?',
    now,
    runKey,
  )
  await updateRunState(sql, runKey, 'running', null, now)
  return { did: 'begun', rows }
}

/** Nothing waits to be sent, every attempt is at its end, and a listing has shown that no create was repeated. */
async function isSettled(sql: Sql, runKey: number): Promise<boolean> {
  return (
    !(await selectHasPending(sql, runKey)) &&
    (await selectAttempts(sql, runKey, 'all')).every(({ stage }) => FINAL_STAGES.includes(stage)) &&
    (await selectUnaudited(sql, runKey)).length === 0
  )
}

/**
 * A double of a batch or one of another home may be at work, or a create was given up of which nothing was proved: what was
 * set aside for it is still set aside.
 */
async function isInDoubt(sql: Sql, id: string, runKey: number): Promise<boolean> {
  const found = await sql.get(
    `select 1 from remote_batches m join attempts a on a.key = m.attempt join batches b on b.key = a.batch
       where b.run = ? and m.role <> 'ours'
     union all select 1 from spending where run = ? and kind in ('batch', 'priming') and settled_at is null limit 1`,
    runKey,
    id,
  )
  return found !== undefined
}

/** Batches that there were when a person last opened the finished run again. */
async function selectOpenedAfter(sql: Sql, runKey: number): Promise<number> {
  return (
    (await sql.get<{ number: number }>('select opened_after as number from runs where key = ?', runKey))?.number ?? 0
  )
}
